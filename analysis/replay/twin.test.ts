import { describe, expect, it } from 'vitest';
import { defaultTemplate } from '../../api/parse/metric.ts';
import type { ReleasePolicy } from '../../api/policy.ts';
import { decide } from '../../release/decide.ts';
import { aSnapshot, NOW } from '../../test/support/builders.ts';
import { FIRST_WINDOW, HARM, measured, SAFE, stepAt } from '../../test/support/release-builders.ts';
import { climb, startLadder, type Conclusion } from './ladder.ts';

/** The ladder says what the controller does with the same window: 200 s after the weight was observed, at the first step. */

const ELAPSED_MS = 200_000;
const UNDECIDED = { canary: [1, 150] as [number, number], stable: [28, 2850] as [number, number] };
const WINDOWS = {
  safe: SAFE,
  harm: HARM,
  undecided: UNDECIDED,
  'no data': 'noData',
  'no answer': 'serverError',
} as const;
const ON_INCONCLUSIVE = ['extend', 'wait', 'promote', 'rollback'] as const;
/** [shortest, longest] */
const DURATIONS = [
  [0, 90_000],
  [0, 150_000],
  [0, 300_000],
  [250_000, 300_000],
] as const;

interface Case {
  policy: Pick<ReleasePolicy, 'steps' | 'onInconclusive'>;
  window: keyof typeof WINDOWS;
}

function byController({ policy, window }: Case): Pick<Conclusion, 'to' | 'reason'> {
  const result = measured(FIRST_WINDOW, WINDOWS[window]);
  const steps = policy.steps.length;
  const { status } = decide(aSnapshot(stepAt({ policy, status: { steps } }), { measured: result }));
  if (status === undefined) throw new Error('nothing is written');
  const { phase, step, reason } = status.next;
  if (phase === 'RollingBack') return { to: 'rollback', reason };
  if (phase === 'Promoting') return { to: 'promote', reason };
  if (phase === 'Waiting') return { to: 'human', reason };
  return { to: step === 0 ? 'stay' : 'next', reason };
}

function byLadder({ policy, window }: Case): Pick<Conclusion, 'to' | 'reason'> {
  const templates = [{ use: { template: 'http', args: {} }, template: defaultTemplate() }];
  // the controller looks at the clock, the ladder at the end of the window
  const lateBy = NOW - FIRST_WINDOW.endMs;
  const started = { ...startLadder(), sinceMs: NOW - ELAPSED_MS - lateBy };
  const { measurements } = measured(FIRST_WINDOW, WINDOWS[window]);
  const { conclusion } = climb(started, { ...policy, templates }, { window: FIRST_WINDOW, measurements });
  return { to: conclusion.to, reason: conclusion.reason };
}

describe.each(['safe', 'harm', 'undecided', 'no data', 'no answer'] as const)('a window: %s', (window) => {
  describe.each([1, 2])('%i steps', (count) => {
    it.each(DURATIONS)('that last %i to %i ms', (minDurationMs, maxDurationMs) => {
      for (const onInconclusive of ON_INCONCLUSIVE) {
        const steps = [5, 50]
          .slice(0, count)
          .map((weight) => ({ weight, minDurationMs, maxDurationMs, pause: false }));
        const given = { policy: { steps, onInconclusive }, window };
        expect({ onInconclusive, ...byLadder(given) }).toEqual({ onInconclusive, ...byController(given) });
      }
    });
  });
});
