import { formatDuration, parseDuration } from '../../../lib/duration.ts';
import { complain, kindOf, type Fields, type Place } from '../../../lib/schema/fields.ts';
import { dependent, fallback, optional, required } from '../../../lib/schema/object.ts';
import { count, duration, number } from '../../../lib/schema/scalars.ts';
import { checked, type Infer, type Schema } from '../../../lib/schema/schema.ts';

const MINUTE = 60_000;
const MIN_DURATION_MS = 2 * MINUTE;
const MAX_DURATION_MS = 30 * MINUTE;
export const MAX_STEPS = 30;

const WEIGHT = 'a percentage from 0.01 to 99 with at most two decimals';

/**
 * No step of a policy sends all requests to the canary, so a weight is at most 99; after the last step comes the target's
 * own rolling update. Whether 0 is possible depends on the strategy.
 */
export const weight: Schema<number> = checked(number({ min: 0, max: 99, wanted: WEIGHT }), (value, place) => {
  if (!isHundredth(value)) complain(place, value, 'has more than two decimals', `give ${WEIGHT}`);
});

const isHundredth = (value: number): boolean => value === Math.round(value * 100) / 100;

/** At weight 0 only requests that match could be measured. */
export function refuseZero(steps: readonly Step[], at: (index: number) => Place): void {
  for (const [index, { weight: given }] of steps.entries()) {
    if (given > 0) continue;
    complain(at(index), given, 'is too small', `give ${WEIGHT}; 0 needs strategy: ab`);
  }
}

const longest = (minDurationMs: number = MIN_DURATION_MS): number =>
  Math.max(MAX_DURATION_MS, 2 * minDurationMs);

/** How long a step takes, and the copies before all steps. */
export const minDuration = fallback(
  duration(),
  MIN_DURATION_MS,
  'How long the step lasts at least, from the moment the route shows what it wants.',
  { aliases: ['duration'] },
);

const MAX = duration(1000);

export const maxDuration = (minDurationMs: number | undefined) =>
  fallback(MAX, longest(minDurationMs), 'Time after which onInconclusive decides.', {
    shown: '30m, or twice minDuration if that is longer',
  });

interface Times {
  minDurationMs: number;
  maxDurationMs: number;
}

export function checkTimes({ minDurationMs, maxDurationMs }: Times, fields: Fields): void {
  if (maxDurationMs >= minDurationMs) return;
  const min = formatDuration(minDurationMs);
  const message = `is shorter than minDuration ${min}`;
  complain(fields.at('maxDuration'), formatDuration(maxDurationMs), message, `give at least ${min}`);
}

/** false: none; true: until a human resumes; number: that many milliseconds. */
const pause: Schema<boolean | number> = {
  read: (value, place) => {
    if (typeof value === 'boolean') return value;
    const wanted = 'give true (until a human resumes the release), false, or a duration like 10m';
    if (typeof value !== 'string') return complain(place, value, `is ${kindOf(value)}`, wanted);
    const ms = parseDuration(value);
    return ms === undefined || ms === 0 ? complain(place, value, 'is not a pause', wanted) : ms;
  },
  write: (value) => (typeof value === 'number' ? formatDuration(value) : value),
  shape: { 'x-kubernetes-preserve-unknown-fields': true },
  type: 'true, false or a duration',
};

const OTHERS = {
  pause: fallback(
    pause,
    false,
    'Wait after the step has passed: true (until a human resumes the release), or a duration like 10m.',
  ),
  canaryReplicas: optional(count(1, 10_000), 'A fixed number of canary pods.', {
    shown: "the weight's share of the stable replicas, rounded up; with strategy ab as many as stable ones",
  }),
};

/** One item of `spec.steps`. */
export const STEP = dependent(
  {
    weight: required(weight, {
      doc: 'Percent of the requests that go to the canary, with at most two decimals; with strategy ab, of those that do not match, and only there may it be 0.',
      remedy: 'give the percent of requests, 0.01 to 99',
      aliases: ['setWeight', 'stepWeight'],
    }),
    minDuration,
  },
  ({ minDurationMs }) => ({
    maxDuration: maxDuration(minDurationMs),
    ...OTHERS,
  }),
  { check: (times, fields) => checkTimes(times, fields) },
);

/** A step of a policy, or of the ladder that api/ladder.ts makes of the policy, where a weight may be 100. */
export type Step = Infer<typeof STEP> & {
  /** percent of requests that are copied to the canary; answers to copies are dropped; absent: 0 */
  mirror?: number;
  /** as many canary pods as stable ones, unless their number is fixed */
  fullSize?: true;
};

/** A step with the defaults of a policy. */
export function step(given: Pick<Step, 'weight'> & Partial<Step>): Step {
  const { minDurationMs = MIN_DURATION_MS } = given;
  return { minDurationMs, maxDurationMs: longest(minDurationMs), pause: false, ...given };
}
