/** More than this many of anything cannot be counted one by one, nor added to what was counted before. */
const MOST = Number.MAX_SAFE_INTEGER;

/** A number of requests: not negative, and one that sums keep exact. May be fractional. */
export const isCount = (value: number): boolean => value >= 0 && value <= MOST;

/** Why a number is no number of requests; undefined: it is one. */
export function noCount(what: string, value: number): string | undefined {
  if (isCount(value)) return undefined;
  if (!Number.isFinite(value)) return `${what} are not a number`;
  const wrong = value < 0 ? 'below 0' : 'above 2^53';
  return `${what} are ${value}, which is ${wrong} and no count; look at the exporter or the recording rule behind the query`;
}
