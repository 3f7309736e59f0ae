/**
 * Pods a canary needs to take `weight` percent of what `stableReplicas` pods take: rounded up, at least 1.
 * `fixed` (a step's canaryReplicas) overrides the share.
 */
export function canaryReplicas(weight: number, stableReplicas: number, fixed?: number): number {
  if (fixed !== undefined) return Math.max(1, Math.ceil(fixed));
  // Multiplied before dividing: 7% of 100 is exactly 7, while 0.07 * 100 is a little more.
  return Math.max(1, Math.ceil((weight * stableReplicas) / 100));
}
