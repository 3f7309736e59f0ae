import { toJson } from '../format/document.ts';
import { explainedRelease, explainRelease } from '../format/explain.ts';
import type { Io } from '../io.ts';
import { listReleases, openSession, type ConnectionFlags } from '../session.ts';
import { parseTarget } from '../target.ts';

export interface ExplainFlags extends ConnectionFlags {
  release?: string;
  /** values that could be secrets too */
  showValues?: boolean;
  output?: string;
}

/** `sluice explain deployment/x`: the story of the newest release, or of the one named. 1 if there is none. */
export async function explain(io: Io, target: string, flags: ExplainFlags): Promise<number> {
  const name = parseTarget(target);
  const session = openSession(flags, io.clock);
  try {
    const list = await listReleases(session.client, session.namespace, name);
    for (const problem of list.unreadable) io.err(`release ${problem}`);
    const release =
      flags.release === undefined
        ? list.releases[0]
        : list.releases.find((item) => item.metadata.name === flags.release);
    if (release === undefined) {
      const which = flags.release === undefined ? 'no release' : `no release ${flags.release}`;
      io.err(`deployment/${name} has ${which} in namespace ${session.namespace}.`);
      return 1;
    }
    if (flags.output === 'json') io.text(toJson(explainedRelease(release), 2));
    else
      for (const line of explainRelease(release, io.paint, { values: flags.showValues === true }))
        io.out(line);
    return 0;
  } finally {
    session.close();
  }
}
