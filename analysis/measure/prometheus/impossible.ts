import type { Window } from '../../../api/analysis.ts';
import { whyNoCount } from '../../../lib/count.ts';
import type { Series } from './answer.ts';

/**
 * Why samples that would be counted in this window cannot be counts of requests; undefined: they can. The increase from
 * such a sample to the next one would look like a count.
 */
export function impossibleIn(all: readonly Series[], window: Window): string | undefined {
  for (const { samples } of all) {
    const wrong = counted(samples, window).find(({ value }) => whyNoCount(value) !== undefined);
    if (wrong !== undefined) return sentence(wrong.value, wrong.timeMs);
  }
  return undefined;
}

function sentence(value: number, timeMs: number): string {
  const at = new Date(timeMs).toISOString();
  return `a sample of ${at} is ${value}, which is ${whyNoCount(value) ?? ''} and no count; look at the exporter or the recording rule behind the query`;
}

/** The samples in the window and the one before it; none if the window has none. */
function counted(samples: Series['samples'], { startMs, endMs }: Window): Series['samples'] {
  const first = samples.findIndex(({ timeMs }) => timeMs > startMs && timeMs <= endMs);
  if (first === -1) return [];
  return samples.slice(Math.max(0, first - 1)).filter(({ timeMs }) => timeMs <= endMs);
}
