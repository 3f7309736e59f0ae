import type { SeriesResult } from './series.ts';

/** One classified series and where it counts. */
export interface ScoredSeries {
  result: Pick<SeriesResult, 'classification' | 'critical'>;
  /** it counts in every group named here; [] = in none */
  groups: readonly string[];
  /** shown, never counted */
  muted: boolean;
}

export interface SeriesScore {
  /** 0…100, two decimals */
  score: number;
  groups: { name: string; score: number; noData: boolean }[];
  /** why the score is 0, whatever the groups say; absent if the groups decide the score */
  cause?: 'critical' | 'noData';
}

/**
 * Kayenta's weighted score. A group's score is the share of its series that pass, without those that have no data; a
 * group in which no series is left counts 100. Groups without a weight share what is left of 100 equally. A critical
 * failure, no data for half of the series, or no series at all, makes the score 0.
 */
export function scoreSeries(
  series: readonly ScoredSeries[],
  weights: Readonly<Record<string, number>>,
): SeriesScore {
  const counted = series.filter(({ muted }) => !muted);
  const names = [...new Set(counted.flatMap(({ groups }) => groups))];
  const groups = names.map((name) => groupScore(name, counted));
  const missing = counted.filter(({ result }) => result.classification === 'Nodata').length;
  if (counted.some(({ result }) => result.critical && result.classification !== 'Pass')) {
    return { score: 0, groups, cause: 'critical' };
  }
  if (2 * missing >= counted.length) return { score: 0, groups, cause: 'noData' };
  const given = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const unweighted = names.filter((name) => !Object.hasOwn(weights, name)).length;
  const shared = unweighted === 0 ? 0 : (100 - given) / unweighted;
  const sum = groups.reduce((total, { name, score }) => {
    const weight = Object.hasOwn(weights, name) ? (weights[name] ?? 0) : shared;
    return total + score * (weight / 100);
  }, 0);
  return { score: Math.round(sum * 100) / 100, groups };
}

function groupScore(name: string, counted: readonly ScoredSeries[]): SeriesScore['groups'][number] {
  let [passed, failed] = [0, 0];
  for (const { groups, result } of counted) {
    if (!groups.includes(name)) continue;
    if (result.classification === 'Pass') passed++;
    else if (result.classification !== 'Nodata' && result.classification !== 'Error') failed++;
  }
  const noData = passed + failed === 0;
  return { name, score: noData ? 100 : (passed / (passed + failed)) * 100, noData };
}

/** What a score means: at least `pass` passes, at least `marginal` neither passes nor fails, below that fails. */
export function scoreVerdict(
  score: number,
  { pass, marginal }: { pass: number; marginal: number },
): 'Pass' | 'Marginal' | 'Fail' {
  if (score >= pass) return 'Pass';
  return score >= marginal ? 'Marginal' : 'Fail';
}
