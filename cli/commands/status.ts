import { targetKey, type TargetKey } from '../../api/target-key.ts';
import { command as defined } from '../command.ts';
import { connection, home, output } from '../flags.ts';
import { isTerminal } from '../../api/conditions.ts';
import type { KubeObject } from '../../api/kube.ts';
import { formatDuration } from '../../lib/duration.ts';
import type { BoundedClock } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { lookForController } from '../at-work.ts';
import { toJson, toYaml } from '../format/document.ts';
import { formatNumbers } from '../format/numbers.ts';
import { paintVerdict } from '../format/phase.ts';
import { formatReleases, summarize, summarizeUnnoticed } from '../format/summary.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags, type Session } from '../session.ts';
import { deploymentRef, parseTarget } from '../target.ts';
import { isUnnoticed } from '../wait-logic.ts';
import { KubeError } from '../../kube/errors.ts';

export interface StatusFlags extends ConnectionFlags {
  allNamespaces?: boolean;
  controllerNamespace: string;
  output?: string;
}

/** `sluice status [deployment/x]`: the newest release of each target, or of one. 1 if nothing is known about that one. */
export async function status(io: Io, target: string | undefined, flags: StatusFlags): Promise<number> {
  const name = target === undefined ? undefined : parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    return await statusOf(io, session, {
      name,
      everywhere: flags.allNamespaces === true,
      home: flags.controllerNamespace,
      format: flags.output,
    });
  } finally {
    session.close();
  }
}

export interface StatusRequest {
  /** one target */
  name: string | undefined;
  /** list the targets of all namespaces */
  everywhere: boolean;
  /** namespace of the controller */
  home: string;
  format: string | undefined;
}

type Reader = Pick<Session, 'client' | 'namespace'>;

/** The same over an open session. */
export async function statusOf(io: Io, session: Reader, request: StatusRequest): Promise<number> {
  const { client } = session;
  const namespace = request.everywhere ? undefined : session.namespace;
  const list = await listReleases(client, namespace, request.name);
  const [targets, atWork] = await Promise.all([
    targetsOf(session, request),
    lookForController(io, client, request.home),
  ]);
  for (const problem of list.unreadable) io.err(`release ${problem}`);
  const releases = newestOfEach(list.releases);
  const unnoticed = Array.isArray(targets)
    ? targets.filter((target) => isUnnoticed(target, list.releases.filter(isOf(target))))
    : [];
  print(io, { releases, unnoticed }, { request, namespace });
  const underWay = releases.some((release) => !isTerminal(release.status?.phase ?? 'Pending'));
  if (targets instanceof KubeError)
    io.err(`A change that no controller has noticed cannot be seen here: ${targets.message}`);
  if (atWork.seen === 'no' || (atWork.seen === 'unknown' && (underWay || unnoticed.length > 0)))
    io.err(atWork.sentence);
  return request.name !== undefined && releases.length + unnoticed.length === 0 ? 1 : 0;
}

/** Deployments as they are now; or why they cannot be read. */
async function targetsOf(
  { client, namespace }: Reader,
  { name, everywhere }: StatusRequest,
): Promise<KubeObject[] | KubeError> {
  try {
    if (name === undefined) {
      const scope = { namespace: everywhere ? undefined : namespace };
      return (await client.listAll(RESOURCES.deployments, scope)).items;
    }
    const target = await client.get(deploymentRef(namespace, name));
    return target === undefined ? [] : [target];
  } catch (error) {
    if (error instanceof KubeError) return error;
    throw error;
  }
}

const isOf =
  ({ metadata }: KubeObject) =>
  (release: Release): boolean =>
    release.metadata.namespace === metadata.namespace && release.spec.target.name === metadata.name;

/** The first Release of each target; the list is newest first. */
export function newestOfEach(releases: readonly Release[]): Release[] {
  const seen = new Map<TargetKey, Release>();
  for (const release of releases) {
    const key = targetKey({
      namespace: release.metadata.namespace ?? '',
      name: release.spec.target.name,
    });
    if (!seen.has(key)) seen.set(key, release);
  }
  return [...seen.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, release]) => release);
}

interface Shown {
  releases: readonly Release[];
  /** targets with a template that no controller has noticed */
  unnoticed: readonly KubeObject[];
}

function print(
  io: Io,
  shown: Shown,
  { request, namespace }: { request: StatusRequest; namespace: string | undefined },
): void {
  const { releases, unnoticed } = shown;
  const { name, format } = request;
  const documents = [...releases.map(summarize), ...unnoticed.map(summarizeUnnoticed)];
  if (format === 'json') return io.text(toJson(documents, 2));
  if (format === 'yaml') return io.text(toYaml(documents));
  if (releases.length + unnoticed.length === 0) {
    const where = namespace === undefined ? 'in any namespace' : `in namespace ${namespace}`;
    return io.err(
      name === undefined ? `No releases ${where}.` : `deployment/${name} has no release ${where}.`,
    );
  }
  const options = { paint: io.paint, nowMs: io.clock.now(), namespaces: namespace === undefined };
  for (const line of formatReleases(releases, { ...options, unnoticed })) io.out(line);
  if (name === undefined) return;
  for (const release of releases) for (const line of details(release, io)) io.out(line);
}

/** What is wrong while each clock runs. */
const RUNS_OUT: Record<BoundedClock['name'], string> = {
  blind: 'nothing is judged',
  unconfirmed: 'the back end has not confirmed the weight',
};

function runsOut({ name, until }: BoundedClock, nowMs: number): string {
  const leftMs = Math.max(0, Date.parse(until) - nowMs);
  const left = formatDuration(Math.round(leftMs / 1000) * 1000);
  return `  ${RUNS_OUT[name]}: in ${left} the canary loses its traffic, unless that changes`;
}

function details({ status: now }: Release, { paint, clock }: Io): string[] {
  if (now === undefined) return [];
  const verdicts = now.analysis?.verdicts ?? [];
  return [
    '',
    `${now.reason}: ${now.message}`,
    ...(now.clocks ?? []).map((each) => runsOut(each, clock.now())),
    ...verdicts.map((item) => {
      const role = item.dryRun ? ' (dry run)' : '';
      return `  ${item.metric}${role}: ${paintVerdict(paint, item.result)} ${item.sentence}  [${formatNumbers(item.numbers)}]`;
    }),
  ];
}

export const command = defined({
  help: 'the newest release of each target, or of one',
  takes: (made) =>
    output(
      home(connection(made))
        .argument('[target]', 'deployment/<name>')
        .option('-A, --all-namespaces', 'of all namespaces'),
      ['json', 'yaml'],
    ),
  run: status,
});
