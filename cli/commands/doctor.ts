import { ANNOTATION } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { command as defined } from '../command.ts';
import type { Finding, Patient } from '../doctor/finding.ts';
import { hold } from '../doctor/hold.ts';
import { leaseAndClocks } from '../doctor/lease.ts';
import { metrics, type Measuring } from '../doctor/metrics.ts';
import { rights } from '../doctor/rights.ts';
import { CONTROLLER, kinds, versions } from '../doctor/versions.ts';
import { collect, connection, output } from '../flags.ts';
import { toJson } from '../format/document.ts';
import { INSTALLED_KINDS } from '../install/kinds.ts';
import { EXIT, type Io } from '../io.ts';
import { asController, openSession, type ConnectionFlags } from '../session.ts';
import { parseTarget } from '../target.ts';
import { readVersion } from './version.ts';

export interface DoctorFlags extends ConnectionFlags {
  /** "deployment/x": its queries are asked */
  target?: string;
  /** instead of the controller's: "url" or "name=url" */
  prometheus?: string[];
  source?: string[];
  output?: 'json';
}

const RESOURCES_SEEN = [...new Set([...Object.values(RESOURCES), ...INSTALLED_KINDS])];

/** `sluice doctor`. 0: nothing has to be put right, 1: something has. */
export async function doctor(io: Io, flags: DoctorFlags): Promise<number> {
  const writing = { fieldManager: 'sluice-doctor', resources: RESOURCES_SEEN };
  const session = openSession(flags, io.clock, writing);
  const controller = openSession(asController(flags), io.clock, writing);
  const { client, namespace } = session;
  try {
    const { target, prometheus, source } = flags;
    const name = target === undefined ? undefined : parseTarget(target);
    const measuring = { target: name, namespace, prometheus, source };
    return tell(io, await examine(io, { client, asController: controller.client }, measuring), flags);
  } finally {
    session.close();
    controller.close();
  }
}

/** Every finding over open sessions, in the order of the checks. */
export async function examine(
  io: Io,
  clients: Pick<Patient, 'client' | 'asController'>,
  measuring: Measuring,
): Promise<Finding[]> {
  const { client } = clients;
  const { items } = await client.listAll(RESOURCES.deployments, { metadataOnly: true });
  const targets = items
    .filter(({ metadata }) => metadata.annotations?.[ANNOTATION.policy] !== undefined)
    .map(({ metadata }) => ({ namespace: metadata.namespace ?? '', name: metadata.name }));
  const patient: Patient = { io, ...clients, controller: await client.get(CONTROLLER), targets };
  const findings = await Promise.all([
    versions(patient, readVersion()),
    kinds(patient),
    hold(patient),
    rights(patient),
    leaseAndClocks(io, patient),
    metrics(patient, measuring),
  ]);
  return findings.flat();
}

const SIGN = { good: ['green', '✓'], note: ['cyan', 'i'], bad: ['red', '✗'] } as const;

function tell(io: Io, findings: readonly Finding[], { output: format }: DoctorFlags): number {
  const bad = findings.filter(({ is }) => is === 'bad').length;
  if (format === 'json') io.text(toJson({ findings, bad }, 2));
  else
    for (const { check, is, sentence, remedy } of findings) {
      const [colour, sign] = SIGN[is];
      io.out(`${io.paint(colour, sign)} ${check}: ${sentence}`);
      if (remedy !== undefined) io.out(`    ${remedy}`);
    }
  return bad === 0 ? EXIT.promoted : EXIT.aborted;
}

export const command = defined({
  help: 'is the installation well? each finding with what to do; 1: something has to be put right',
  takes: (made) =>
    output(
      connection(made)
        .option('--target <deployment/name>', 'also ask the queries of this target')
        .option(
          '--prometheus <[name=]url>',
          "instead of the controller's end points; may be repeated",
          collect,
        )
        .option('--source <source/name=url>', 'the same of another source', collect),
      ['json'],
    ),
  run: doctor,
});
