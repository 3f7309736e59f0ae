import { eventually } from './eventually.ts';

/** The longest step of a subquery over the windows of these tests. */
const STEP_MS = 3000;

/**
 * An edge of a window for queries that are read in steps: a whole second, late enough after `sinceMs` that a
 * step before it has seen what was scraped then. Returns once the edge has passed, so no later change is
 * before it.
 */
export async function edgeAfter(sinceMs: number): Promise<number> {
  const edgeMs = Math.ceil((sinceMs + STEP_MS) / 1000) * 1000;
  await eventually(() => {
    if (Date.now() <= edgeMs) throw new Error('not yet');
  });
  return edgeMs;
}
