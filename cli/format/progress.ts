import type { Release } from '../../api/kinds/release/release.ts';
import type { Paint } from '../io.ts';
import { paintPhase, paintVerdict } from './phase.ts';
import { formatExtras } from './splitting.ts';
import { formatStep, formatWeight, summarize } from './summary.ts';

/** Changes exactly when there is something new to say about a release. */
export function progressKey(release: Release): string {
  const { phase, reason, step, weight, observedWeight, verdict } = summarize(release);
  return JSON.stringify([
    release.metadata.name,
    phase,
    reason,
    step,
    weight,
    observedWeight,
    ...formatExtras(release),
    verdict?.result,
  ]);
}

/** "12:30:05  Progressing  step 1/3  weight 5% (observed 5%)  inconclusive  MoreDataNeeded: …" */
export function formatProgress(release: Release, clock: string, paint: Paint): string {
  const { status } = release;
  if (status === undefined)
    return `${paint('dim', clock)}  ${paintPhase(paint, 'Pending')}  ${release.metadata.name}`;
  const step = formatStep(status);
  const parts = [
    paint('dim', clock),
    paintPhase(paint, status.phase),
    ...(step === '-' ? [] : [`step ${step}`, `weight ${status.weight}% (observed ${formatWeight(status)})`]),
    ...formatExtras(release),
    ...(status.verdict === undefined ? [] : [paintVerdict(paint, status.verdict.result)]),
    `${status.reason}: ${status.message}`,
  ];
  return parts.join('  ');
}
