import type { DeploymentSpec, IntOrPercent } from '../kinds.ts';

const DEFAULT_SHARE = '25%';

/** How far a rollout may exceed and fall below the wanted number of pods. */
export interface Budget {
  maxSurge: number;
  maxUnavailable: number;
}

export function isRolling(spec: DeploymentSpec): boolean {
  return spec.strategy?.type !== 'Recreate';
}

/**
 * Surge is rounded up, unavailability down; if both are 0, one pod may be missing, or no rollout could ever
 * begin.
 */
export function budgetOf(spec: DeploymentSpec): Budget {
  if (!isRolling(spec)) return { maxSurge: 0, maxUnavailable: 0 };
  const rolling = spec.strategy?.rollingUpdate;
  const maxSurge = scaled(rolling?.maxSurge ?? DEFAULT_SHARE, spec.replicas, Math.ceil);
  const unavailable = scaled(rolling?.maxUnavailable ?? DEFAULT_SHARE, spec.replicas, Math.floor);
  const atLeastOneMoves = maxSurge === 0 && unavailable === 0 ? 1 : unavailable;
  return { maxSurge, maxUnavailable: Math.min(atLeastOneMoves, spec.replicas) };
}

function scaled(value: IntOrPercent, of: number, round: (x: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * of) / 100);
}
