/** Time as a parameter. */
export interface Clock {
  /** milliseconds since 1970 */
  now(): number;
  /** Calls `fn` once after so many milliseconds; what it returns calls that off. */
  after(ms: number, fn: () => void): () => void;
}
