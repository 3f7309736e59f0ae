/**
 * After warm-up a healthy version may still fail more often while its caches fill and its connections open. What it shows in
 * its first minutes must not count against it for ever, so meanwhile the harm margin is wider: by 3 × stable's rate at first,
 * halved every minute, and as the template says after five minutes. Evidence stays valid with margins that change, because
 * each window is judged by its own margin, which is known before it.
 */
const FIRST = 3;
const HALF_MS = 60_000;
const LAST_MS = 5 * 60_000;

/** How much wider the margin is (relative), this long after warm-up; 0: not. */
export function settlingMargin(sinceMs: number): number {
  if (sinceMs >= LAST_MS) return 0;
  return FIRST * 2 ** (-Math.max(0, sinceMs) / HALF_MS);
}
