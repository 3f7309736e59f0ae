import type { Counts, LabelledCounts } from '../../../api/analysis.ts';
import type { Breakdown } from '../../../api/kinds/release/breakdown.ts';
import type { Tick } from '../../stats/bet.ts';

/** One value of the label, tick by tick. */
export interface Compared {
  value: string;
  ticks: Tick[];
}

/**
 * A label such as route or method splits the requests, and each value has a rate of its own. A label such as code says how
 * a request ended: all requests with one value are bad, so there the bad ones are a part of all requests of the arm.
 */
export function compareWhat(all: readonly LabelledCounts[]): {
  rateOf: NonNullable<Breakdown['rateOf']>;
  values: Compared[];
} {
  const failing = all.filter((each) => sum(each.canary).bad > 0 || sum(each.stable).bad > 0);
  const ofOutcome = failing.every((each) => isAllBad(sum(each.canary)) && isAllBad(sum(each.stable)));
  if (!ofOutcome) return { rateOf: 'Value', values: all.map((each) => comparedWith(each, each)) };
  const whole = {
    canary: added(all.map(({ canary }) => canary)),
    stable: added(all.map(({ stable }) => stable)),
  };
  return { rateOf: 'Version', values: failing.map((each) => comparedWith(each, whole)) };
}

/** Both counters are read at one time, and yet not at exactly the same one. */
const isAllBad = ({ total, bad }: Counts): boolean => bad >= 0.999 * total;

const NONE: Counts = { total: 0, bad: 0 };

const plus = (a: Counts, b: Counts): Counts => ({ total: a.total + b.total, bad: a.bad + b.bad });

const sum = (ticks: readonly Counts[]): Counts => ticks.reduce(plus, NONE);

const added = (lists: readonly (readonly Counts[])[]): Counts[] =>
  (lists[0] ?? []).map((_, i) => lists.reduce((before, list) => plus(before, list[i] ?? NONE), NONE));

function comparedWith(
  { value, canary, stable }: LabelledCounts,
  requests: Pick<LabelledCounts, 'canary' | 'stable'>,
): Compared {
  const ticks = canary.map((ofCanary, i): Tick => {
    const [n1, n0] = [requests.canary[i]?.total ?? 0, requests.stable[i]?.total ?? 0];
    return { n1, x1: Math.min(n1, ofCanary.bad), n0, x0: Math.min(n0, stable[i]?.bad ?? 0) };
  });
  return { value, ticks };
}
