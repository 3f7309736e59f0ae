import type { Margin } from '../../api/template.ts';
import { logSumExp } from '../stats/logspace.ts';
import { moreRequests } from '../stats/needed.ts';
import type { Evidence } from './comparison.ts';
import { evidenceOf } from './comparison.ts';
import type { LatencyData, Threshold } from './latency-state.ts';

/** What the statistics say, all thresholds together. */
export interface LatencyReading {
  thresholds: readonly ThresholdReading[];
  harmBar: number;
  safeBar: number;
  nextWeight: number | undefined;
  /** ln of the weighted mean of the thresholds' evidence of harm, which is evidence itself */
  logHarm: number;
  /** ln of what of it may stop a release, over its bar: a threshold that its rank twin contradicts does not count */
  overBar: number;
  /** canary requests until every threshold is safe, at the shares seen; `undefined`: it would not get there */
  needed: number | undefined;
}

export interface ThresholdReading {
  data: Threshold;
  evidence: Evidence;
  /** ln of its part of the evidence of harm */
  logShare: number;
  /** ln of the evidence of safety that counts */
  logSafe: number;
}

interface Setting {
  harmBar: number;
  safeBar: number;
  safeMargin: Margin;
  /** margin for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
  nextWeight: number | undefined;
}

export function readingOf({ thresholds }: LatencyData, setting: Setting): LatencyReading {
  const weights = weightsOf(thresholds.map(({ quantile }) => quantile));
  const readings = thresholds.map((data, i): ThresholdReading => {
    const evidence = evidenceOf(data);
    const logShare = Math.log(weights[i] ?? 0) + evidence.logHarm;
    return { data, evidence, logShare, logSafe: Math.max(evidence.logSafe, evidence.logScaled) };
  });
  const counting = readings.map(({ data, evidence: { logHarm }, logShare }) =>
    data.concurs ? logShare : logShare - Math.max(0, logHarm),
  );
  const { harmBar, safeBar, nextWeight } = setting;
  return {
    thresholds: readings,
    harmBar,
    safeBar,
    nextWeight,
    logHarm: logSumExp(readings.map(({ logShare }) => logShare)),
    overBar: logSumExp(counting) - harmBar,
    needed: neededOf(readings, setting),
  };
}

const USUAL = [0.5, 0.95, 0.99];
const USUAL_WEIGHTS = [0.25, 0.35, 0.4];

/** The tail weighs more: that is where canaries usually hurt first. */
function weightsOf(quantiles: readonly number[]): readonly number[] {
  const usual = quantiles.length === USUAL.length && quantiles.every((q, i) => q === USUAL[i]);
  return usual ? USUAL_WEIGHTS : quantiles.map(() => 1 / quantiles.length);
}

function neededOf(readings: readonly ThresholdReading[], setting: Setting): number | undefined {
  let most = 0;
  for (const { data, evidence, logSafe } of readings) {
    if (logSafe >= setting.safeBar) continue;
    const needed = neededFor(data, evidence, setting);
    if (needed === undefined) return undefined;
    most = Math.max(most, needed);
  }
  return most;
}

/** The fewer of those for the strict margin and for that of the next weight. */
function neededFor(
  data: Threshold,
  { safe, scaled, safePhi: phi }: Evidence,
  { safeMargin, scaledMargin, safeBar }: Setting,
): number | undefined {
  const margins = [
    { wealth: safe, absolute: safeMargin.absolute },
    ...(scaledMargin === undefined ? [] : [{ wealth: scaled, absolute: scaledMargin.absolute }]),
  ];
  const all = margins
    .map(({ wealth, absolute }) =>
      moreRequests(wealth, data.step, { margin: { relative: 0, absolute }, phi }, safeBar),
    )
    .filter((needed) => needed !== undefined);
  return all.length === 0 ? undefined : Math.min(...all);
}

/** The threshold that says most of harm; `undefined` if there is none. */
export function worst({ thresholds }: LatencyReading): ThresholdReading | undefined {
  return thresholds.reduce<ThresholdReading | undefined>(
    (found, each) => (found === undefined || each.logShare > found.logShare ? each : found),
    undefined,
  );
}

/** The threshold that is furthest from being proven safe. */
export function leastSafe({ thresholds }: LatencyReading): ThresholdReading | undefined {
  return thresholds.reduce<ThresholdReading | undefined>(
    (found, each) => (found === undefined || each.logSafe < found.logSafe ? each : found),
    undefined,
  );
}
