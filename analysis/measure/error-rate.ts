import type { BadOutcome, Counts, Measurement } from '../../api/analysis.ts';
import type { Arm } from '../../api/query.ts';
import { noCount } from '../../lib/count.ts';
import { bad, nameOf, type Job } from './job.ts';

type ErrorRate = Extract<Measurement, { kind: 'counts' }>;

/** The measurement with these counts, or why they cannot be counts of requests. */
export function errorRateOf(
  job: Job,
  counted: Pick<ErrorRate, 'canary' | 'stable' | 'pods' | 'history'>,
): Measurement {
  const { canary, stable } = counted;
  const problem = impossible(job.arms.canary, canary) ?? impossible(job.arms.stable, stable);
  if (problem !== undefined) return bad(job, problem.outcome, problem.sentence);
  return {
    metric: job.key,
    window: job.window,
    outcome: 'ok',
    kind: 'counts',
    ...counted,
    canary: clamped(canary),
    stable: clamped(stable),
  };
}

/**
 * Why these counts cannot be used. Both counters are read at one time, so `bad` may be larger than `total` only by a tiny
 * amount.
 */
function impossible(arm: Arm, counts: Counts): { outcome: BadOutcome; sentence: string } | undefined {
  const none =
    noCount(`the requests of ${nameOf(arm)}`, counts.total) ??
    noCount(`the bad requests of ${nameOf(arm)}`, counts.bad);
  if (none !== undefined) return { outcome: 'nan', sentence: none };
  if (counts.bad <= counts.total * 1.05 + 1) return undefined;
  const numbers = `${Math.round(counts.bad)} bad requests out of ${Math.round(counts.total)}`;
  const sentence = `${nameOf(arm)} has ${numbers}: the two queries do not count the same requests`;
  return { outcome: 'badQuery', sentence };
}

export function clamped({ bad: errors, total }: Counts): Counts {
  return { total, bad: Math.min(errors, total) };
}
