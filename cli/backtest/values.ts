import type { Numbers } from '../../analysis/judge/core/kind.ts';
import { UsageError } from '../io.ts';
import { tickOf, type Ticks } from './collect.ts';
import { eachChunk, render, type RangeOptions } from './range.ts';

export interface ValueOptions extends Omit<RangeOptions, 'ask'> {
  variables: Readonly<Record<string, string>>;
  ticks: Ticks;
}

/** Stable's value at the end of every window. If there is a query for stable, it is the value of that query. */
export async function recordValues(
  numbers: Numbers,
  key: string,
  { variables, ticks, ...options }: ValueOptions,
): Promise<(number | undefined)[]> {
  const query = render(numbers.stableQuery ?? numbers.query, variables, key);
  const values = new Array<number | undefined>(ticks.length).fill(undefined);
  await eachChunk([query], { ...options, ask: 'values' }, ({ window, answers: [series = []] }) => {
    for (const { samples } of series) {
      for (const { timeMs, value } of samples) {
        // before Prometheus 3 a range includes the instant at which it begins, which the chunk before also held
        if (timeMs <= window.startMs || timeMs > window.endMs) continue;
        const i = tickOf(timeMs, ticks);
        if (values[i] !== undefined) throw several(key, query);
        values[i] = Number.isNaN(value) && numbers.nan === 'zero' ? 0 : value;
      }
    }
  });
  return values;
}

function several(key: string, query: string): UsageError {
  return new UsageError(`${key}: the query returns several series; aggregate it, e.g. with sum(…): ${query}`);
}
