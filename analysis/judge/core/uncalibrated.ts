import type { Verdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';

/** What is said instead of a pass, and of harm below the raised bar, where the calibration is unknown. */
export function uncalibrated(
  shown: string,
  reason: 'Uncalibrated' | 'HarmSuspected',
): Omit<Verdict, 'numbers'> {
  const why =
    "stable's past cannot tell a bad minute of one pod from a bad version (few or young pods, pods that differ, or errors that vary wildly)";
  const sentence = `${shown}; but ${why}, so a human decides: ${ADVICE[reason]}`;
  return { result: 'inconclusive', reason: REASON[reason], sentence };
}

const ADVICE = {
  Uncalibrated: '"sluice resume" goes on to the next step, "sluice abort" takes the release back',
  HarmSuspected:
    'the canary gets no requests meanwhile; "sluice abort" takes the release back, "sluice resume" begins the step again',
} as const;
