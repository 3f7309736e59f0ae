import { command as defined } from '../command.ts';
import { connection, output, target } from '../flags.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { toJson, toYaml } from '../format/document.ts';
import { formatAge } from '../format/numbers.ts';
import { paintPhase } from '../format/phase.ts';
import { summarize } from '../format/summary.ts';
import { formatTable } from '../format/table.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags, type Session } from '../session.ts';
import { parseTarget } from '../target.ts';

export interface HistoryFlags extends ConnectionFlags {
  output?: string;
}

/** `sluice history deployment/x`: its releases, newest first. 1: it has no releases. */
export async function history(io: Io, target: string, flags: HistoryFlags): Promise<number> {
  const name = parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    return await historyOf(io, session, { name, format: flags.output });
  } finally {
    session.close();
  }
}

/** The same over an open session. */
export async function historyOf(
  io: Io,
  { client, namespace }: Pick<Session, 'namespace'> & { client: Pick<Session['client'], 'listAll'> },
  { name, format }: { name: string; format?: string | undefined },
): Promise<number> {
  const { releases, unreadable } = await listReleases(client, namespace, name);
  for (const problem of unreadable) io.err(`release ${problem}`);
  if (format === 'json') io.text(toJson(releases.map(summarize), 2));
  else if (format === 'yaml') io.text(toYaml(releases.map(summarize)));
  else if (releases.length === 0) io.err(`deployment/${name} has no release in namespace ${namespace}.`);
  else for (const line of formatHistory(io, releases)) io.out(line);
  return releases.length === 0 ? 1 : 0;
}

const HEADER = ['RELEASE', 'STARTED', 'LASTED', 'PHASE', 'REASON', 'IMAGE'];

function formatHistory({ paint, clock }: Io, releases: readonly Release[]): string[] {
  const rows = releases.map((release) => {
    const { reason, images } = summarize(release);
    const { phase = 'Pending', startedAt, endedAt } = release.status ?? {};
    const begun = startedAt ?? release.metadata.creationTimestamp;
    const lasted = formatAge(begun, endedAt === undefined ? clock.now() : Date.parse(endedAt));
    const at = begun === undefined ? '' : begun.slice(0, 19).replace('T', ' ');
    return [release.metadata.name, at, lasted, paintPhase(paint, phase), reason, images.join(' ')];
  });
  return formatTable(HEADER, rows);
}

export const command = defined({
  help: 'all recorded releases of a target, newest first',
  takes: (made) => output(target(connection(made)), ['json', 'yaml']),
  run: history,
});
