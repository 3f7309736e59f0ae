import type { Measurement } from '../../../api/analysis.ts';
import { MOST_SHOWN, type Breakdown, type BreakdownValue } from '../../../api/kinds/release/breakdown.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import { oneLine } from '../../../lib/text.ts';
import { priorDispersions } from '../../stats/dispersion.ts';
import { eBenjaminiHochberg } from '../../stats/e-bh.ts';
import { informs, type Tick } from '../../stats/bet.ts';
import { harmTick, logHarm, type HarmWealth } from '../../stats/process.ts';
import { finiteNumbers } from '../core/comparison-text.ts';
import { NO_COUNTS, plus } from '../core/comparison.ts';
import { compareWhat, type Compared } from './compared.ts';
import { found, notCounted } from './text.ts';

export interface Question {
  /** key of the metric */
  metric: string;
  by: string;
  margin: Margin;
  /** dispersion at which the verdict read its evidence */
  phi: number;
  /** bound on the false discovery rate */
  alpha: number;
  /** ln of the weight of the time at which the counting begins, ≤ 0: see `countedFrom` */
  logWeight: number;
}

/**
 * Which values of a label explain a failure: each value's canary and stable requests are compared by the harm test, and
 * e-BH rejects so many that at most the part `alpha` of those named is named wrongly, on average.
 */
export function breakDown(measured: Measurement | undefined, question: Question): Breakdown {
  const { metric, by } = question;
  if (measured?.outcome !== 'ok' || measured.kind !== 'byLabel') {
    const why =
      measured === undefined || measured.outcome === 'ok' ? 'nothing was measured' : measured.sentence;
    return { metric, by, sentence: notCounted(by, why), compared: 0, values: [] };
  }
  const { rateOf, values } = compareWhat(measured.values);
  const judged = values.map((each) => evidenceOf(each, question, measured.tickMs / 1000));
  const comparable = judged.filter((each) => each.log !== undefined);
  const rejected = eBenjaminiHochberg(
    comparable.map(({ log = -Infinity }) => log),
    question.alpha,
  );
  const explaining = new Set(rejected.map((index) => comparable[index]));
  const shown = judged
    .toSorted((a, b) => (b.log ?? -Infinity) - (a.log ?? -Infinity) || b.total.x1 - a.total.x1)
    .map((each) => shownValue(each, explaining.has(each)));
  const sentence = found({ by, rateOf, compared: comparable.length, values: shown });
  return {
    metric,
    by,
    sentence,
    rateOf,
    compared: comparable.length,
    values: shown.slice(0, MOST_SHOWN),
  };
}

interface Judged {
  value: string;
  total: Tick;
  /** ln of the evidence of harm; undefined: one arm had no requests */
  log: number | undefined;
}

function evidenceOf({ value, ticks }: Compared, question: Question, seconds: number): Judged {
  const { margin, logWeight } = question;
  const total = ticks.reduce(plus, NO_COUNTS);
  if (!informs(total)) return { value, total, log: undefined };
  // One value may vary more than all requests together.
  const own = priorDispersions(
    ticks.map(({ n0: n, x0: x }) => ({ n, x })),
    seconds,
  ).at(-1);
  const phi = Math.max(question.phi, own?.phi ?? 1);
  const wealth = ticks.reduce<HarmWealth>(
    (before, tick) => harmTick(before, tick, { margin, phi }, seconds),
    [],
  );
  return { value, total, log: logHarm(wealth) + logWeight };
}

function shownValue({ value, total, log }: Judged, explains: boolean): BreakdownValue {
  const { n1, x1, n0, x0 } = total;
  return {
    value: oneLine(value, 128),
    explains,
    canaryRequests: n1,
    canaryErrors: x1,
    stableRequests: n0,
    stableErrors: x0,
    ...(log === undefined ? {} : finiteNumbers({ evidence: Math.exp(log) })),
  };
}
