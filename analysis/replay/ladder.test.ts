import { describe, expect, it } from 'vitest';
import { defaultPolicy } from '../../api/kinds/policy/policy.ts';
import { step } from '../../api/kinds/policy/step.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { boundTo, errorRate, rates, times, windowAt } from '../../test/support/judge-objects.ts';
import { climb, moveTo, plannedSteps, startLadder, type Judged, type Plan } from './ladder.ts';

const STEP = { minDurationMs: 60_000, maxDurationMs: 120_000 };

interface Change extends Partial<Pick<ReleasePolicy, 'onInconclusive' | 'strategy' | 'bakeMs'>> {
  steps?: Parameters<typeof step>[0][];
  templates?: BoundTemplate[];
}

function plan({ templates = [boundTo([errorRate()])], ...change }: Change = {}): Plan {
  const steps = (change.steps ?? [5, 50].map((weight) => ({ ...STEP, weight }))).map(step);
  return { templates, steps: plannedSteps({ ...defaultPolicy(), ...change, steps }) };
}

/** Each text is a window of 15 s; the ladder moves on where it may. */
function course(windows: readonly string[], change: Change = {}): Judged[] {
  let ladder = startLadder();
  return windows.map((text, i) => {
    const judged = climb(ladder, plan(change), { window: windowAt(i), measurements: [rates(text, i)] });
    ladder =
      judged.conclusion.to === 'next'
        ? moveTo(judged.ladder, plan(change), judged.ladder.index + 1)
        : judged.ladder;
    return judged;
  });
}

const said = (judged: readonly Judged[]): string[] => judged.map(({ conclusion }) => conclusion.to);

describe('a ladder', () => {
  it.each([
    { given: 'weights alone', policy: {}, want: false },
    { given: 'a cookie', policy: { stickiness: { cookie: 'beta', maxAgeMs: 60_000 } }, want: true },
    { given: 'a match', policy: { strategy: 'ab', match: { headers: [], cookies: [] } }, want: true },
    { given: 'one switch', policy: { strategy: 'blueGreen' }, want: false },
  ] satisfies { given: string; policy: Partial<ReleasePolicy>; want: boolean }[])(
    'says whether users stay with one version: $given',
    ({ policy, want }) => {
      const steps = plannedSteps({ ...defaultPolicy(), ...policy });
      expect(steps.map(({ sticky }) => sticky)).toEqual(steps.map(() => want));
    },
  );

  it('climbs no faster than its steps last, and promotes after the last', () => {
    const judged = course(times(8, () => '0/20000 20/20000'));
    expect(said(judged)).toEqual(['stay', 'stay', 'stay', 'next', 'stay', 'stay', 'stay', 'promote']);
    expect(judged[0]?.conclusion.reason).toBe('MinimumDuration');
    expect(judged.at(-1)?.conclusion.reason).toBe('AllStepsPassed');
  });

  it('goes back on harm at once, whatever the step lasts', () => {
    expect(course(['900/2000 20/20000'])[0]?.conclusion).toMatchObject({
      to: 'rollback',
      reason: 'HarmDetected',
    });
  });

  it('keeps the evidence of harm from step to step, and begins that of safety anew', () => {
    const [last] = course(times(4, () => '0/20000 20/20000')).slice(-1);
    const ladder = moveTo(last?.ladder ?? startLadder(), plan(), 1);
    const { verdict } = climb(ladder, plan(), { window: windowAt(4), measurements: [rates('0/10 0/10', 4)] });
    expect(verdict.numbers).toMatchObject({ canaryRequests: 80_010, stepCanaryRequests: 10 });
  });

  it.each([
    { safeEvidence: 'perStep', want: ['stay', 'stay', 'stay', 'next', 'stay'] },
    { safeEvidence: 'cumulative', want: ['stay', 'stay', 'stay', 'next', 'promote'] },
  ] as const)(
    'begins safety anew or keeps it as the template says: $safeEvidence',
    ({ safeEvidence, want }) => {
      const templates = [boundTo([errorRate()], { safeEvidence })];
      const steps = [60_000, 0].map((minDurationMs) => ({ weight: 50, minDurationMs, maxDurationMs: 9e9 }));
      const windows = [...times(4, () => '0/2000 2/2000'), '0/1 0/1'];
      expect(said(course(windows, { templates, steps }))).toEqual(want);
    },
  );

  it.each([
    { onInconclusive: 'extend', want: 'human', after: 16 },
    { onInconclusive: 'wait', want: 'human', after: 8 },
    { onInconclusive: 'rollback', want: 'rollback', after: 8 },
  ] as const)('that cannot conclude does as $onInconclusive says', ({ onInconclusive, want, after }) => {
    const judged = course(
      times(after, () => '1/100 10/1000'),
      { onInconclusive },
    );
    expect(said(judged).slice(0, -1)).not.toContain(want);
    expect(judged.at(-1)?.conclusion).toMatchObject({ to: want, reason: 'Inconclusive' });
  });

  it('is let on without proof only if what was seen is tolerable', () => {
    const onInconclusive = 'promote';
    const tolerable = course(
      times(8, () => '1/100 10/1000'),
      { onInconclusive },
    );
    const unknown = course(
      times(8, () => '0/0 10/1000'),
      { onInconclusive },
    );
    expect(said(tolerable).at(-1)).toBe('next');
    expect(said(unknown).at(-1)).toBe('human');
  });

  it('asks for the margin of the next weight, which is wider than the last step’s', () => {
    const windows = times(20, () => '1/100 10/1000');
    const eased = course(windows, {
      steps: [5, 10].map((weight) => ({ minDurationMs: 0, maxDurationMs: 9e9, weight })),
    });
    const strict = course(windows, { steps: [{ weight: 5, minDurationMs: 0, maxDurationMs: 9e9 }] });
    expect(said(eased)).toContain('next');
    expect(said(strict)).not.toContain('promote');
  });

  it('pauses as the policy says: for a time, or until a human lets it go on', () => {
    const safe = times(6, () => '0/20000 20/20000');
    const pausing = (pause: boolean | number) => {
      const steps = [{ weight: 5, minDurationMs: 15_000, maxDurationMs: 60_000, pause }];
      return course(safe, { steps }).map(({ conclusion: { to, reason } }) => `${to} ${reason}`);
    };
    expect(pausing(30_000).slice(0, 3)).toEqual([
      'stay PausedByStep',
      'stay PausedByStep',
      'promote AllStepsPassed',
    ]);
    expect(new Set(pausing(true))).toEqual(new Set(['human PausedByStep']));
  });

  it('asks a human at once in a step without requests, and promotes after a bake without objection', () => {
    const blueGreen = { strategy: 'blueGreen' as const, bakeMs: 30_000 };
    const quiet = course(
      times(9, () => '0/0 10/1000'),
      blueGreen,
    );
    expect(quiet.at(-1)?.conclusion).toMatchObject({ to: 'human', reason: 'Inconclusive' });
    expect(quiet.at(-1)?.conclusion.sentence).toContain('without live requests');
    const tried = { window: windowAt(0), measurements: [rates('5/1000 15/3000', 0)] };
    let baking = moveTo(climb(startLadder(), plan(blueGreen), tried).ladder, plan(blueGreen), 1);
    const baked = [1, 2].map((i) => {
      const now = { window: windowAt(i), measurements: [rates('5/1000 0/0', i)] };
      const judged = climb(baking, plan(blueGreen), now);
      baking = judged.ladder;
      return judged.conclusion.to;
    });
    expect(baked).toEqual(['stay', 'promote']);
  });
});
