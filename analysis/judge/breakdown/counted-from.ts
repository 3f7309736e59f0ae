const HOUR_MS = 3_600_000;

/** How sure it was beforehand that counting begins with the release. */
const AT_ONCE = 0.9;

/**
 * From when on requests are counted for a break-down: from the beginning of the release, or, in one longer than two hours,
 * from the last full hour of it that is at least an hour ago. Evidence may only begin at times fixed beforehand: each has
 * a weight, all weights together are 1, and evidence times its weight stays evidence whenever the release fails.
 *
 * @returns the time in ms, and ln of its weight
 */
export function countedFrom(startedMs: number, endMs: number): { startMs: number; logWeight: number } {
  const hours = Math.max(0, Math.floor((endMs - startedMs) / HOUR_MS) - 1);
  const weight = hours === 0 ? AT_ONCE : (1 - AT_ONCE) / (hours * (hours + 1));
  return { startMs: startedMs + hours * HOUR_MS, logWeight: Math.log(weight) };
}
