import type { Series } from './answer.ts';
import type { Timeline } from './deltas.ts';

/** When the series has samples, be they numbers or native histograms. */
export function timesOf({ labels, samples, histograms }: Series): Timeline {
  return { labels, samples: histograms ?? samples };
}
