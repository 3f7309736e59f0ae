/** More than this many of anything cannot be counted one by one, nor added to what was counted before. */
const MOST = Number.MAX_SAFE_INTEGER;

/** Can this be a number of requests? It is not negative, and small enough for exact sums. May be fractional. */
export const isCount = (value: number): boolean => value >= 0 && value <= MOST;

/** Why a value cannot be a number of requests; undefined: it can. */
export function noCount(what: string, value: number): string | undefined {
  if (isCount(value)) return undefined;
  if (!Number.isFinite(value)) return `${what} are not a number`;
  const wrong = value < 0 ? 'below 0' : 'above 2^53';
  return `${what} are ${value}, which is ${wrong} and no count; look at the exporter or the recording rule behind the query`;
}
