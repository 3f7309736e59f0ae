import type { BadOutcome, Measurement } from '../../../api/analysis.ts';
import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import type { Reason } from '../../../api/reasons.ts';
import { REASON } from '../../../api/reasons.ts';

const REASONS: Record<BadOutcome, Reason> = {
  noData: REASON.NoData,
  nan: REASON.NotANumber,
  severalSeries: REASON.SeveralSeries,
  serverError: REASON.PrometheusUnavailable,
  timeout: REASON.PrometheusTimeout,
  badQuery: REASON.BadQuery,
};

/** The verdict of a window that brought nothing usable: inconclusive, whatever earlier windows showed. */
export function missingVerdict(measurement: Measurement | undefined): Verdict {
  if (measurement === undefined) return inconclusive(REASON.NoData, 'it was not measured in this window');
  if (measurement.outcome === 'ok') {
    return inconclusive(
      REASON.BadQuery,
      'the measurement does not fit the metric: a number is missing or impossible',
    );
  }
  return inconclusive(REASONS[measurement.outcome], measurement.sentence);
}

export function inconclusive(
  reason: Reason,
  sentence: string,
  numbers: Record<string, number> = {},
): Verdict {
  return { result: 'inconclusive', reason, sentence, numbers };
}
