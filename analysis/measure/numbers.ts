import type { Measurement } from '../../api/analysis.ts';
import type { Arm } from '../../api/query.ts';
import type { Numbers } from '../judge/core/kind.ts';
import { bad, type Job } from './job.ts';
import type { Session } from './source.ts';

/** One number for the canary, and one for stable where the metric needs it, at the end of the window. */
export async function measureNumbers(job: Job, asked: Numbers, session: Session): Promise<Measurement> {
  const { nan, stable: wanted } = asked;
  const [canary, stable] = await Promise.all([
    session.number(job, { arm: 'canary', text: queryOf(asked, job.arms.canary), nan }),
    wanted === 'unused'
      ? undefined
      : session.number(job, { arm: 'stable', text: queryOf(asked, 'stable'), nan }),
  ]);
  if (typeof canary !== 'number') return canary;
  if (stable !== undefined && typeof stable !== 'number') return stable;
  const refused = asked.refused(canary, stable);
  if (refused !== undefined) return bad(job, 'nan', refused);
  const base = { metric: job.key, window: job.window, outcome: 'ok', kind: 'numbers', canary } as const;
  return stable === undefined ? base : { ...base, stable };
}

/** The query for one arm: most metrics have one query for both arms. */
function queryOf({ query, stableQuery }: Numbers, arm: Arm): string {
  return arm === 'stable' ? (stableQuery ?? query) : query;
}
