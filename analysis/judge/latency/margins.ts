import type { Margin } from '../../../api/kinds/template/margins.ts';

/**
 * The relative part of a margin acts on what is slow, not on the share of slow requests. The safe margin allows this much
 * of the share as well: where hardly any request takes about as long as stable's quantile (fast hits, slow misses), a
 * longer limit allows no more of them, and the absolute part alone is too little ever to be proven.
 */
const SAFE_SHARE = 0.25;

/** The harm margin on the share of slow requests. */
export function harmOnShare({ absolute }: Margin): Margin {
  return { relative: 0, absolute };
}

/** The safe margin on the share of slow requests. */
export function safeOnShare({ absolute }: Margin): Margin {
  return { relative: SAFE_SHARE, absolute };
}

/** The largest share of slow canary requests within the margin. */
export function most(share: number, { relative, absolute }: Margin): number {
  return share * (1 + relative) + absolute;
}
