import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Verdict } from '../../api/kinds/release/verdict.ts';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import { decide } from '../../release/decide.ts';
import { aSnapshot, NOW } from '../../test/support/builders.ts';
import { judgedUntil, stepAt } from '../../test/support/release-builders.ts';
import { conclude, plannedSteps, type Conclusion, type Ladder } from './ladder.ts';

/**
 * `sluice analyze` and `sluice backtest` say the same about every window as the controller: under any policy, after any
 * verdicts, at any time. Tested in the first step, from the observation of its weight until the release leaves it.
 */
type Policy = Pick<ReleasePolicy, 'steps' | 'onInconclusive'>;

interface Seen {
  verdict: Verdict;
  /** end of its window, since the weight was observed */
  elapsedMs: number;
}

type Said = Pick<Conclusion, 'to' | 'reason' | 'sentence'>;

interface Standing {
  said: Said;
  /** since the weight was observed */
  pausedAtMs?: number;
}

const at = (ms: number): string => new Date(ms).toISOString();

function byController(policy: Policy, { verdict, elapsedMs }: Seen, before?: Standing): Standing {
  const observedMs = NOW - elapsedMs;
  const { pausedAtMs, said } = before ?? {};
  const status = {
    steps: policy.steps.length,
    phase: said?.to === 'human' ? ('Waiting' as const) : ('Progressing' as const),
    weightObservedAt: at(observedMs),
    stepExposedAt: at(observedMs),
    ...(pausedAtMs === undefined ? {} : { pausedAt: at(observedMs + pausedAtMs) }),
    verdict,
    analysis: judgedUntil(NOW),
  };
  const { next } = decide(aSnapshot(stepAt({ policy: { ...policy, settleMs: 0 }, status }))).status!;
  const { phase, step, reason, message, pausedAt } = next;
  const known = { RollingBack: 'rollback', Promoting: 'promote', Waiting: 'human' } as const;
  const to = phase in known ? known[phase as keyof typeof known] : step === 0 ? 'stay' : 'next';
  // once a step is over its pause does not matter
  const pauses = pausedAt !== undefined && isOpen(to);
  const pause = pauses ? { pausedAtMs: Date.parse(pausedAt) - observedMs } : {};
  return { said: { to, reason, sentence: message }, ...pause };
}

const isOpen = (to: Conclusion['to']): boolean => to === 'stay' || to === 'human';

function byReplay(policy: Policy, { verdict, elapsedMs }: Seen, before?: Standing): Standing {
  const plan = { templates: [], steps: plannedSteps({ ...defaultPolicy(), ...policy }) };
  const { pausedAtMs } = before ?? {};
  const ladder: Omit<Ladder, 'state'> = {
    index: 0,
    sinceMs: 0,
    ...(pausedAtMs === undefined ? {} : { pausedAtMs }),
  };
  const window = { startMs: elapsedMs - 1, endMs: elapsedMs };
  const { conclusion, pausedAtMs: paused } = conclude(plan, ladder, { window, verdict });
  const pause = paused === undefined ? {} : { pausedAtMs: paused };
  const { to, reason, sentence } = conclusion;
  return { said: { to, reason, sentence }, ...pause };
}

const SECOND = 1000;
const seconds = (min: number, max: number) => fc.integer({ min, max }).map((n) => n * SECOND);

const verdicts: fc.Arbitrary<Verdict> = fc
  .oneof(
    { weight: 4, arbitrary: fc.constant({ result: 'pass' as const, reason: 'SafeProven' }) },
    { weight: 1, arbitrary: fc.constant({ result: 'fail' as const, reason: 'HarmDetected' }) },
    {
      weight: 6,
      arbitrary: fc.record({
        result: fc.constant('inconclusive' as const),
        reason: fc.constantFrom('MoreDataNeeded', 'NoData', 'NothingToCompare', 'StateUnreadable'),
        tolerable: fc.boolean(),
      }),
    },
  )
  .map((verdict) => ({ ...verdict, sentence: `measured: ${verdict.reason}`, numbers: {} }));

const steps: fc.Arbitrary<Step[]> = fc
  .record({
    minDurationMs: seconds(0, 400),
    moreMs: seconds(1, 400),
    pause: fc.oneof(fc.boolean(), seconds(1, 300)),
    count: fc.integer({ min: 1, max: 2 }),
  })
  .map(({ minDurationMs, moreMs, pause, count }) =>
    [5, 50]
      .slice(0, count)
      .map((weight) => ({ weight, minDurationMs, maxDurationMs: minDurationMs + moreMs, pause })),
  );

const policies: fc.Arbitrary<Policy> = fc.record({
  steps,
  onInconclusive: fc.constantFrom('extend', 'wait', 'promote', 'rollback'),
});

/** Windows one after the other. */
const courses: fc.Arbitrary<Seen[]> = fc
  .array(fc.record({ verdict: verdicts, lastsMs: seconds(1, 200) }), { minLength: 1, maxLength: 12 })
  .map((windows) => {
    let elapsedMs = 0;
    return windows.map(({ verdict, lastsMs }) => ({ verdict, elapsedMs: (elapsedMs += lastsMs) }));
  });

describe('a release without a cluster', () => {
  it('goes on, back and waits as it does under the controller, in the same words', () => {
    fc.assert(
      fc.property(policies, courses, (policy, course) => {
        let standing: Standing | undefined;
        for (const seen of course) {
          const replayed = byReplay(policy, seen, standing);
          expect(replayed).toEqual(byController(policy, seen, standing));
          if (!isOpen(replayed.said.to)) return;
          standing = replayed;
        }
      }),
    );
  });
});
