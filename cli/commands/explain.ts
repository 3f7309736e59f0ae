import { command as defined } from '../command.ts';
import { connection, output, target } from '../flags.ts';
import { toJson, toYaml } from '../format/document.ts';
import { explainedRelease, explainRelease } from '../format/explain.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags, type Session } from '../session.ts';
import { parseTarget } from '../target.ts';

export interface ExplainFlags extends ConnectionFlags {
  release?: string;
  queries?: boolean;
  showValues?: boolean;
  output?: string;
}

/** `sluice explain deployment/x`: the story of the newest release, or of the one named. 1 if there is no such release. */
export async function explain(io: Io, target: string, flags: ExplainFlags): Promise<number> {
  const name = parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    return await explainThe(io, session, {
      name,
      release: flags.release,
      queries: flags.queries === true,
      values: flags.showValues === true,
      format: flags.output,
    });
  } finally {
    session.close();
  }
}

export interface ExplainRequest {
  name: string;
  /** name of the release to explain instead of the newest */
  release?: string | undefined;
  /** also shows what Prometheus was asked */
  queries: boolean;
  /** also shows values that could be secrets */
  values: boolean;
  format: string | undefined;
}

/** The same over an open session. */
export async function explainThe(
  io: Io,
  { client, namespace }: Pick<Session, 'client' | 'namespace'>,
  { name, release: wanted, queries, values, format }: ExplainRequest,
): Promise<number> {
  const list = await listReleases(client, namespace, name);
  for (const problem of list.unreadable) io.err(`release ${problem}`);
  const release =
    wanted === undefined ? list.releases[0] : list.releases.find(({ metadata }) => metadata.name === wanted);
  if (release === undefined) {
    const which = wanted === undefined ? 'no release' : `no release ${wanted}`;
    io.err(`deployment/${name} has ${which} in namespace ${namespace}.`);
    return 1;
  }
  if (format === 'json') io.text(toJson(explainedRelease(release, { values }), 2));
  else if (format === 'yaml') io.text(toYaml(explainedRelease(release, { values })));
  else {
    const telling = { paint: io.paint, columns: io.columns(), queries, values };
    for (const line of explainRelease(release, telling)) io.out(line);
  }
  return 0;
}

export const command = defined({
  help: 'tell the story of a release: what changed, what was measured and decided, what to do next',
  takes: (made) =>
    output(
      target(connection(made))
        .option('--release <name>', 'this release instead of the newest')
        .option('--queries', 'print what Prometheus was asked, too')
        .option('--show-values', 'print values of environment, arguments and annotations that changed too'),
      ['json', 'yaml'],
    ),
  run: explain,
});
