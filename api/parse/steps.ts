import { formatDuration, parseDuration } from '../../lib/duration.ts';
import type { Step } from '../policy.ts';
import { Fields, complain, kindOf, type Place, type Read } from './fields.ts';
import { duration, number } from './read.ts';

const MINUTE = 60_000;
export const DEFAULT_MIN_DURATION_MS = 2 * MINUTE;
export const DEFAULT_MAX_DURATION_MS = 30 * MINUTE;
export const MAX_STEPS = 30;

const WEIGHT = 'a percentage from 0.01 to 99 with at most two decimals';

/**
 * The canary is never the only destination, so a rung ends at 99; what follows the last rung is the target's own
 * rolling update. Whether 0 is possible depends on the strategy.
 */
const weight: Read<number> = (value, place) => {
  const read = number({ min: 0, max: 99, wanted: WEIGHT })(value, place);
  if (read === undefined || isHundredth(read)) return read;
  return complain(place, value, 'has more than two decimals', `give ${WEIGHT}`);
};

const isHundredth = (value: number): boolean => value === Math.round(value * 100) / 100;

/** At 0 only requests that match could be measured. */
export function refuseZero(steps: readonly Step[], at: (index: number) => Place): void {
  for (const [index, { weight: given }] of steps.entries()) {
    if (given > 0) continue;
    complain(at(index), given, 'is too small', `give ${WEIGHT}; 0 goes with strategy: ab only`);
  }
}

type Times = Pick<Step, 'minDurationMs' | 'maxDurationMs'>;

function times({ minDurationMs = DEFAULT_MIN_DURATION_MS, maxDurationMs }: Partial<Times>): Times {
  return {
    minDurationMs,
    maxDurationMs: maxDurationMs ?? Math.max(DEFAULT_MAX_DURATION_MS, 2 * minDurationMs),
  };
}

export function step(fields: { weight: number } & Partial<Step>): Step {
  const { canaryReplicas } = fields;
  return {
    weight: fields.weight,
    ...times(fields),
    pause: fields.pause ?? false,
    ...(canaryReplicas === undefined ? {} : { canaryReplicas }),
  };
}

const readPause: Read<boolean | number> = (value, place) => {
  if (typeof value === 'boolean') return value;
  const wanted = 'give true (until a human goes on), false, or a duration like 10m';
  if (typeof value !== 'string') return complain(place, value, `is ${kindOf(value)}`, wanted);
  const ms = parseDuration(value);
  return ms === undefined || ms === 0 ? complain(place, value, 'is not a pause', wanted) : ms;
};

/** One item of `spec.steps`. */
export const readStep: Read<Step> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const stepWeight = fields.required('weight', weight, 'give the percent of requests, 0.01 to 99');
  const lasts = readTimes(fields);
  const pause = fields.optional('pause', readPause);
  const canaryReplicas = fields.optional('canaryReplicas', number({ min: 1, max: 10_000, integer: true }));
  fields.end();
  if (stepWeight === undefined) return undefined;
  return step({
    weight: stepWeight,
    ...lasts,
    ...(pause === undefined ? {} : { pause }),
    ...(canaryReplicas === undefined ? {} : { canaryReplicas }),
  });
};

/** `minDuration` and `maxDuration` of whatever has them. */
export function readTimes(fields: Fields): Times {
  const minDurationMs = fields.optional('minDuration', duration(0));
  const maxDurationMs = fields.optional('maxDuration', duration(1000));
  const read = times({
    ...(minDurationMs === undefined ? {} : { minDurationMs }),
    ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
  });
  if (read.maxDurationMs < read.minDurationMs) {
    const min = formatDuration(read.minDurationMs);
    complain(
      fields.at('maxDuration'),
      formatDuration(read.maxDurationMs),
      `is shorter than minDuration ${min}`,
      `give at least ${min}`,
    );
  }
  return read;
}

const GRAMMAR =
  'write weights with optional durations and pauses, like "5@2m,25,pause,50@5m" or "0.5,5,pause@10m"';

/** The annotation form: `5@2m,25,pause,50@5m`. A pause belongs to the weight before it. */
export const readStepsText: Read<Step[]> = (value, place) => {
  if (typeof value !== 'string') return complain(place, value, `is ${kindOf(value)}`, GRAMMAR);
  const items = value.split(',').map((item) => item.trim());
  if (value.trim() === '') return complain(place, value, 'is empty', GRAMMAR);
  if (items.length > 2 * MAX_STEPS) {
    return complain(place, value, `has ${items.length} items`, `give at most ${MAX_STEPS} steps`);
  }
  const steps: Step[] = [];
  if (items.includes('')) return complain(place, value, 'has nothing before or after a comma', GRAMMAR);
  for (const item of items) addItem(steps, item, place);
  if (steps.length > MAX_STEPS) {
    complain(place, value, `has ${steps.length} steps`, `give at most ${MAX_STEPS} steps`);
  }
  return steps;
};

function addItem(steps: Step[], item: string, place: Place): void {
  const [head = '', time, ...more] = item.split('@');
  const ms = time === undefined ? undefined : parseDuration(time);
  if (more.length > 0 || (time !== undefined && ms === undefined)) {
    complain(place, item, 'has no duration after "@"', GRAMMAR);
  } else if (head === 'pause') addPause(steps, { item, ms }, place);
  else if (!/^\d{1,9}(\.\d{1,9})?$/.test(head))
    complain(place, item, 'is neither a weight nor a pause', GRAMMAR);
  else {
    const read = weight(Number(head), place);
    if (read !== undefined)
      steps.push(step({ weight: read, ...(ms === undefined ? {} : { minDurationMs: ms }) }));
  }
}

function addPause(steps: Step[], pause: { item: string; ms: number | undefined }, place: Place): void {
  const last = steps.at(-1);
  if (last === undefined) {
    complain(
      place,
      pause.item,
      'stands before any weight',
      'put the pause after the weight at which to pause',
    );
  } else if (last.pause !== false) {
    complain(place, pause.item, 'follows another pause', 'give one pause for each weight');
  } else if (pause.ms === 0) {
    complain(
      place,
      pause.item,
      'pauses for no time',
      'give a duration like pause@10m, or leave the pause out',
    );
  } else last.pause = pause.ms ?? true;
}
