import type { BoundMetric } from '../../../api/bound.ts';
import { logSumExp } from '../../stats/logspace.ts';
import type { Opinion } from './evaluation.ts';

/** One metric's part of the combined evidence of harm. */
export interface Share {
  opinion: Opinion;
  /** ln of its weight × (evidence / bar); not divided by the sum of weights */
  log: number;
  /** ln of 1 / risk.harm of its template */
  bar: number;
}

/**
 * The weighted mean of the critical metrics' evidence of harm. A mean of e-values is an e-value, however they depend on
 * each other.
 */
export interface Combined {
  /** largest first */
  shares: readonly Share[];
  /** ln of the mean, each metric measured against its own bar; ≥ 0 is harm; -Infinity: no metric has running evidence */
  overBar: number;
  /** ln of the mean of the evidence itself; below 0 nothing speaks for harm */
  evidence: number;
}

/** What one metric says. For series metrics that are judged together by a score, the first one speaks for all. */
export interface Judged {
  bound: BoundMetric;
  opinion: Opinion;
}

/** Combines the metrics that may stop a release: critical ones with running evidence, without dry runs. */
export function combineHarm(judged: readonly Judged[]): Combined {
  const shares: Share[] = [];
  let weights = 0;
  for (const { bound, opinion } of judged) {
    const { critical, dryRun } = opinion.verdict;
    const weight = weightOf(bound);
    if (opinion.harm === undefined || !critical || dryRun || weight <= 0) continue;
    weights += weight;
    const bar = -Math.log(bound.bound.template.risk.harm);
    shares.push({ opinion, log: Math.log(weight) + opinion.harm, bar });
  }
  shares.sort((a, b) => b.log - a.log);
  const mean = (logs: number[]): number =>
    logs.length === 0 ? -Infinity : logSumExp(logs) - Math.log(weights);
  return {
    shares,
    overBar: mean(shares.map(({ log }) => log)),
    evidence: mean(shares.map(({ log, bar }) => log + bar)),
  };
}

function weightOf({ metric }: BoundMetric): number {
  return 'weight' in metric ? metric.weight : 0;
}

/**
 * What `onInconclusive: promote` requires: nothing speaks for harm (`alone`: no evidence can arise, and that of earlier
 * steps did not stop the release), and every deciding metric has data in this window and was seen inside its safe margin.
 */
export function isTolerable(deciding: readonly Opinion[], { evidence }: Combined, alone = false): boolean {
  return (
    deciding.length > 0 &&
    (evidence < 0 || alone) &&
    deciding.every(
      ({ missing, tolerable, verdict }) => !missing && tolerable === true && verdict.result !== 'fail',
    )
  );
}
