/** Time as a parameter. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  /** Calls `fn` once after `ms` milliseconds; returns a function that cancels the call. */
  after(ms: number, fn: () => void): () => void;
}
