import { isUnlikely, isUsual, type CrashRecords } from '../../analysis/judge/core/crashes.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { REASON } from '../../api/reasons.ts';
import { formatDuration } from '../../lib/duration.ts';
import { canaryRecord, crashesAfter, stableRecord } from '../facts/crashes.ts';
import type { Facts } from '../facts/facts.ts';
import { timeOf } from '../facts/workload.ts';
import type { Said } from '../status/next.ts';
import type { Cause } from './withdraw.ts';

/** One crash is no pattern: it holds the step. */
const PATTERN = 2;
/** How long a step does not pass after a crash. */
const CALM_MS = 5 * 60_000;

const HIDDEN =
  'What fails in the seconds before a crash is never scraped, so the error rate that is measured reads too low.';

/** Canary containers that got requests crash more often than stable's do. */
export function crashed(facts: Facts, release: Release): Cause | undefined {
  const { count = 0, what = '' } = crashesAfter(facts, release) ?? {};
  if (count < PATTERN || !isUnlikely(recordsOf(facts, count))) return undefined;
  const sentence = `${crashText(count, what)}. ${stableText(facts)} ${HIDDEN}`;
  return { reason: REASON.CanaryCrashed, sentence };
}

/** Why the step does not pass yet, and how long that lasts. */
export function crashedLately(facts: Facts, release: Release): (Said & { calmInMs: number }) | undefined {
  const { count = 0, at, what = '' } = crashesAfter(facts, release) ?? {};
  const calmInMs = timeOf(at, -Infinity) + CALM_MS - facts.nowMs;
  if (!(calmInMs > 0) || isUsual(recordsOf(facts, count))) return undefined;
  const until = `the step does not pass for ${formatDuration(CALM_MS)} after a crash`;
  const sentence = `${crashText(count, what)}: ${until}. ${stableText(facts)} ${HIDDEN}`;
  return { reason: REASON.CanaryCrashed, sentence, calmInMs };
}

/** So many crashes of canary containers, beside those of stable's. */
export function recordsOf(facts: Facts, count: number): CrashRecords {
  const { pods, ...stable } = stableRecord(facts);
  return { canary: canaryRecord(facts, count), ...(pods === 0 ? {} : { stable }) };
}

const crashText = (count: number, what: string): string =>
  `Containers of canary pods crashed ${times(count)} while requests went to them, last ${what}`;

function stableText(facts: Facts): string {
  const { pods, life, meanwhile } = stableRecord(facts);
  if (pods === 0) return 'No stable pod runs to compare with.';
  const which = pods === 1 ? 'The stable pod' : `The ${pods} stable pods`;
  return `${which} crashed ${times(meanwhile.events)} since the canary was made, and ${times(life.events)} in ${timeText(life.seconds)} of running time.`;
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

function timeText(seconds: number): string {
  const unit = seconds >= 3600 ? 60 : 1;
  return formatDuration(Math.round(seconds / unit) * unit * 1000);
}
