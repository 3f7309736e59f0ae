import type { Release } from '../../api/release.ts';
import { toJson, toYaml } from '../format/document.ts';
import { formatNumbers } from '../format/numbers.ts';
import { paintVerdict } from '../format/phase.ts';
import { formatReleases, summarize } from '../format/summary.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags } from '../session.ts';
import { parseTarget } from '../target.ts';

export interface StatusFlags extends ConnectionFlags {
  allNamespaces?: boolean;
  output?: string;
}

/** `sluice status [deployment/x]`: the newest release of each target, or of one. 1 if there is none for that one. */
export async function status(io: Io, target: string | undefined, flags: StatusFlags): Promise<number> {
  const name = target === undefined ? undefined : parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    const namespace = flags.allNamespaces === true ? undefined : session.namespace;
    const list = await listReleases(session.client, namespace, name);
    for (const problem of list.unreadable) io.err(`release ${problem}`);
    const newest = newestOfEach(list.releases);
    print(io, newest, { flags, name, namespace });
    return name !== undefined && newest.length === 0 ? 1 : 0;
  } finally {
    session.close();
  }
}

/** The first Release of each target; the list is newest first. */
export function newestOfEach(releases: readonly Release[]): Release[] {
  const seen = new Map<string, Release>();
  for (const release of releases) {
    const key = `${release.metadata.namespace ?? ''}/${release.spec.target.name}`;
    if (!seen.has(key)) seen.set(key, release);
  }
  return [...seen.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, release]) => release);
}

interface Shown {
  flags: StatusFlags;
  name: string | undefined;
  namespace: string | undefined;
}

function print(io: Io, releases: readonly Release[], shown: Shown): void {
  const { flags, name, namespace } = shown;
  if (flags.output === 'json') return io.text(toJson(releases.map(summarize), 2));
  if (flags.output === 'yaml') return io.text(toYaml(releases.map(summarize)));
  if (releases.length === 0) {
    const where = namespace === undefined ? 'in any namespace' : `in namespace ${namespace}`;
    return io.err(
      name === undefined ? `No releases ${where}.` : `deployment/${name} has no release ${where}.`,
    );
  }
  const options = { paint: io.paint, nowMs: io.clock.now(), namespaces: namespace === undefined };
  for (const line of formatReleases(releases, options)) io.out(line);
  if (name !== undefined)
    for (const release of releases) for (const line of details(release, io)) io.out(line);
}

function details({ status: now }: Release, { paint }: Io): string[] {
  if (now === undefined) return [];
  const verdicts = now.analysis?.verdicts ?? [];
  return [
    '',
    `${now.reason}: ${now.message}`,
    ...verdicts.map((item) => {
      const role = item.dryRun ? ' (dry run)' : '';
      return `  ${item.metric}${role}: ${paintVerdict(paint, item.result)} ${item.sentence}  [${formatNumbers(item.numbers)}]`;
    }),
  ];
}
