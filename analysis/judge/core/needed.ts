import { formatDuration } from '../../../lib/duration.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import { moreRequests } from '../../stats/needed.ts';
import type { Comparison, Evidence } from './comparison.ts';
import { SCALED_AFTER_SECONDS } from './comparison.ts';
import { count } from './text.ts';

/** What is still lacking for a pass, at the rates and the traffic seen in the step. */
export interface Needed {
  /** canary requests, at least: by chance it may need more */
  requests: number;
  /** how long those requests take */
  seconds: number;
  /** there is enough evidence already, but the step has to last longer before it counts */
  onlyTime: boolean;
}

export const NOTHING_MORE: Needed = { requests: 0, seconds: 0, onlyTime: false };

export interface Margins {
  safeMargin: Margin;
  /** margin for the move to the next weight; absent: only the strict margin counts */
  scaledMargin?: Margin;
}

/** The sooner of the proofs at the strict margin and at that of the next weight. `undefined`: at these rates neither comes. */
export function neededFor(
  { step, stepSeconds }: Comparison,
  { safe, scaled, safePhi: phi }: Evidence,
  { safeMargin, scaledMargin }: Margins,
  bar: number,
): Needed | undefined {
  const perSecond = step.n1 / stepSeconds;
  const strict = moreRequests(safe, step, { margin: safeMargin, phi }, bar);
  const eased = scaledMargin && moreRequests(scaled, step, { margin: scaledMargin, phi }, bar);
  const waits = Math.max(0, SCALED_AFTER_SECONDS - stepSeconds);
  return sooner(
    strict === undefined ? undefined : lacking(strict, perSecond, 0),
    eased === undefined ? undefined : lacking(eased, perSecond, waits),
  );
}

function lacking(more: number, perSecond: number, waits: number): Needed {
  const seconds = Math.max(waits, more / perSecond);
  return { requests: Math.ceil(seconds * perSecond), seconds, onlyTime: more === 0 && waits > 0 };
}

function sooner(a: Needed | undefined, b: Needed | undefined): Needed | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.seconds <= b.seconds ? a : b;
}

/** The later of two, where both are needed. */
export function later(a: Needed | undefined, b: Needed | undefined): Needed | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a.seconds >= b.seconds ? a : b;
}

/** Fewer requests than this say nothing: one window more or less is chance. */
const FEWEST = 10;

/** The end of an undecided verdict's sentence; empty where there is no forecast. */
export function neededText(needed: Needed | undefined): string {
  if (needed === undefined) return '; at these rates more requests alone will not prove it safe';
  const { requests, seconds, onlyTime } = needed;
  const time = formatDuration(Math.max(1, Math.ceil(seconds)) * 1000);
  if (onlyTime)
    return `; safe enough for the next weight once the step has been measured for ${formatDuration(SCALED_AFTER_SECONDS * 1000)} (${time} more)`;
  if (requests < FEWEST) return '';
  return `; at least ${count(roundUp(requests))} more canary requests needed, ${time} at the present rate`;
}

/** Two significant digits: the forecast is not more exact than that. */
function roundUp(value: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) - 1);
  return Math.ceil(value / unit) * unit;
}
