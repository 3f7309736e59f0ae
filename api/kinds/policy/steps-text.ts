import { parseDuration } from '../../../lib/duration.ts';
import { complain, kindOf, type Place, type Read } from '../../../lib/schema/fields.ts';
import { MAX_STEPS, step, weight, type Step } from './step.ts';

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
    const read = weight.read(Number(head), place);
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
      'pauses for 0 seconds',
      'give a duration like pause@10m, or leave the pause out',
    );
  } else last.pause = pause.ms ?? true;
}
