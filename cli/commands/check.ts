import { parseEndpoints } from '../../controller/config-endpoints.ts';
import { formatIssue } from '../../lib/result.ts';
import { CLUSTER_DOMAIN, HOME } from '../../api/names.ts';
import { command as defined } from '../command.ts';
import { collect, connection, output, target } from '../flags.ts';
import { look, type Looking } from '../check/around.ts';
import { unseen } from '../check/look.ts';
import { manifestReader, readManifests } from '../check/manifests.ts';
import { clusterReader } from '../check/reader.ts';
import { rehearse } from '../check/rehearse.ts';
import { canBegin, jsonReport, textReport, type Report } from '../check/report.ts';
import { missingRights, readingRights, whoAmI, writingRights } from '../check/rights.ts';
import { EXIT, UsageError, type Io } from '../io.ts';
import { openSession, type ConnectionFlags, type Session } from '../session.ts';
import { parseTarget } from '../target.ts';

export interface CheckFlags extends ConnectionFlags {
  /** manifests to look at instead of a cluster */
  filename?: string[];
  controllerNamespace: string;
  clusterDomain?: string;
  /** "url" or "name=url" */
  prometheus?: string[];
  /** "source/name=url" */
  source?: string[];
  output?: 'json';
}

/** `sluice check deployment/x`: could a release begin, and how would it go? 0 it could, 6 it would be blocked. */
export async function check(io: Io, target: string, flags: CheckFlags): Promise<number> {
  const name = parseTarget(target);
  const endpoints = endpointsOf(flags);
  if (flags.filename !== undefined) {
    if (flags.as !== undefined)
      throw new UsageError('--as: manifests have no rights to ask for; leave out -f or --as');
    const namespace = flags.namespace ?? 'default';
    const reader = manifestReader(readManifests(flags.filename, namespace));
    return tell(io, flags, await look(io, { reader, name, namespace, flags, endpoints }));
  }
  const session = openSession(flags, io.clock);
  try {
    return tell(io, flags, await live(io, session, { name, flags, endpoints }));
  } finally {
    session.close();
  }
}

/**
 * With `--as`, also checks whether that user has every right that a release needs: first those for reading, then those
 * for writing.
 */
async function live(
  io: Io,
  { client, namespace }: Session,
  { name, flags, endpoints }: Pick<Looking, 'name' | 'endpoints'> & { flags: CheckFlags },
): Promise<Report> {
  const home = flags.controllerNamespace;
  const { as } = flags;
  const rights = { user: as ?? (await whoAmI(client)), asked: as !== undefined };
  const missing =
    as === undefined ? [] : await missingRights(client, await readingRights(client, namespace, home), as);
  if (missing.length > 0) {
    return { target: name, namespace, checked: unseen(missing), asked: [], offline: false, rights };
  }
  const report = await look(io, { reader: clusterReader(client), name, namespace, flags, endpoints });
  const { release, facts, refusals, rehearsal, notes } = report.checked;
  if (release === undefined) return { ...report, rights };
  const tried = await rehearse(client, rehearsal);
  const checked = {
    ...report.checked,
    refusals: [...refusals, ...tried.refusals],
    notes: [...notes, ...tried.notes],
  };
  if (as === undefined) return { ...report, rights, checked };
  const attached = facts?.snapshot.attached ?? [];
  const more = await missingRights(client, writingRights(release, { namespace, home, attached }), as);
  return { ...report, rights, checked: { ...checked, refusals: [...checked.refusals, ...more] } };
}

function tell(io: Io, flags: CheckFlags, report: Report): number {
  if (flags.output === 'json') io.text(jsonReport(report));
  else for (const line of textReport(report, io.paint)) io.out(line);
  return canBegin(report) ? EXIT.promoted : EXIT.blocked;
}

function endpointsOf({ prometheus = [], source = [] }: CheckFlags): ReadonlyMap<string, string> {
  const parsed = parseEndpoints({ prometheus, source });
  if (!parsed.ok) throw new UsageError(parsed.issues.map(formatIssue).join('\nsluice: '));
  return parsed.value.endpoints;
}

export const command = defined({
  help: 'could a release begin now, and how would it go? 0: it could, 6: it would be blocked',
  takes: (made) =>
    output(
      target(connection(made))
        .option(
          '-f, --filename <file>',
          'look at these manifests instead of a cluster; may be repeated',
          collect,
        )
        .option('--prometheus <[name=]url>', 'ask the queries of stable as well; may be repeated', collect)
        .option(
          '--source <source/name=url>',
          'the same of another source (http/name=url); may be repeated',
          collect,
        )
        .option(
          '--as <user>',
          'with the rights of this user, like system:serviceaccount:sluice-system:sluice',
        )
        .option('--controller-namespace <name>', 'home of shared policies and templates', HOME.namespace)
        .option('--cluster-domain <domain>', 'what full names of Services end in', CLUSTER_DOMAIN),
      ['json'],
    ),
  run: check,
});
