import { logBetaTails } from './special/beta.ts';

/** Events, crashes say, and the time in which they were looked for. */
export interface Events {
  /** a whole number */
  events: number;
  /** of all that could have one, added up: pod-seconds */
  seconds: number;
}

/**
 * The chance to see at least so many events on the first side, given the number on both, if they come equally often on
 * either: X ~ Binomial(all events, share of the time), whose upper tail is an incomplete beta function.
 *
 * Purpose: do canary pods crash more often than stable pods, with few events. Exact, conservative.
 * Reference: Przyborowski & Wilenski 1940, "Homogeneity of results in testing samples from Poisson series".
 * Fixed horizon: each further event is another look. Throws a RangeError for impossible numbers.
 */
export function moreFrequent(first: Events, second: Events): number {
  for (const { events, seconds } of [first, second])
    if (!Number.isSafeInteger(events) || events < 0 || !(seconds >= 0 && seconds < Infinity))
      throw new RangeError(`rates of events need whole counts and times, not ${events} in ${seconds} s`);
  const all = first.seconds + second.seconds;
  if (first.events === 0 || all === 0) return 1;
  const share = first.seconds / all;
  return Math.exp(logBetaTails(first.events, second.events + 1, share, second.seconds / all).lower);
}
