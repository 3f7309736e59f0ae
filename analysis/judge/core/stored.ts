import type { MetricState } from '../../../api/kinds/release/verdict.ts';

/** Statistics of one kind of metric in the state of a release. What is stored and not whole is held back from a pass by `unread.ts`. */
export interface Stored<D> {
  isWhole: (data: unknown) => data is D;
  /** as stored, or those of nothing */
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
