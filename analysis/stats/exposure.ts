import type { Margin } from './bet.ts';

/** However small the next weight, a canary worse than stable by more than this never passes. */
const MOST_RELATIVE = 4;
const MOST_ABSOLUTE = 0.01;

/**
 * The safe margin for a move to `weight` percent. At that weight users bear only that share of the canary's excess errors,
 * so the budget the strict margin allows at 100% allows more. Never stricter than the strict margin itself.
 */
export function marginForWeight(strict: Margin, weight: number): Margin {
  const share = Math.min(1, Math.max(0.001, weight / 100));
  return {
    relative: Math.max(strict.relative, Math.min(MOST_RELATIVE, strict.relative / share)),
    absolute: Math.max(strict.absolute, Math.min(MOST_ABSOLUTE, strict.absolute / share)),
  };
}
