import type { MetricState } from '../../../api/kinds/release/verdict.ts';

/**
 * Statistics of one kind of metric in the state of a release. If stored statistics are not whole, `unread.ts` withholds
 * the pass.
 */
export interface Stored<D> {
  isWhole: (data: unknown) => data is D;
  /** the stored statistics, or those before the first window */
  read: (state: MetricState | undefined) => D;
}

export const VERSION = 1;

export function stored<D>(
  type: MetricState['type'],
  isWhole: (data: unknown) => data is D,
  nothing: D,
): Stored<D> {
  return {
    isWhole,
    read: (state) =>
      state?.version === VERSION && state.type === type && isWhole(state.data) ? state.data : nothing,
  };
}
