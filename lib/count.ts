/** More than this many of anything cannot be counted one by one, nor added to what was counted before. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Can this be a number of requests? It is not negative, and small enough for exact sums. May be fractional. */
export const isCount = (value: number): boolean => value >= 0 && value <= MOST;

/** "below 0", say; undefined: it can be a number of requests. */
export function whyNoCount(value: number): string | undefined {
  if (isCount(value)) return undefined;
  if (Number.isNaN(value)) return 'not a number';
  return value < 0 ? 'below 0' : 'above 2^53';
}

/** Why a value cannot be a number of requests; undefined: it can. */
export function noCount(what: string, value: number): string | undefined {
  const why = whyNoCount(value);
  if (why === undefined) return undefined;
  if (!Number.isFinite(value)) return `${what} are not a number`;
  return `${what} are ${value}, which is ${why} and no count; look at the exporter or the recording rule behind the query`;
}
