import { describe, expect, it } from 'vitest';
import { aRelease, aStatus } from '../test/support/release.ts';
import { MAX_DECISIONS, lintRelease } from './linter.ts';
import { PHASES } from './kinds/release/status.ts';
import type { ReleaseStatus } from './kinds/release/status.ts';

const line = (time: string) => ({ time, reason: 'Measuring' as const, sentence: 'Measured.' });
const lint = (change: Partial<ReleaseStatus>) => lintRelease(aRelease({ status: aStatus(change) }));
const fail = { result: 'fail', reason: 'HarmDetected' as const, sentence: 'Worse.', numbers: {} } as const;

describe('lintRelease', () => {
  it.each(PHASES)('finds nothing wrong with a well-formed %s', (phase) => {
    expect(lint({ phase })).toEqual([]);
  });

  it('finds nothing in a Release without status', () => {
    expect(lintRelease(aRelease({}))).toEqual([]);
  });

  it.each<{ want: string; change: Partial<ReleaseStatus> }>([
    { want: 'L03 "" is not one sentence', change: { message: '' } },
    { want: 'L03 "two', change: { message: 'two\nlines' } },
    { want: 'L04 endedAt is 2026', change: { phase: 'Blocked', endedAt: '2026-01-02T00:00:00Z' } },
    { want: 'L05 weight 5', change: { phase: 'RolledBack', weight: 5 } },
    { want: 'L05 weight 0 (observed weight 25)', change: { phase: 'Promoted', observedWeight: 25 } },
    {
      want: 'L05 weight 0 (observed weight 0 with copies of 10% of requests and requests that match)',
      change: { phase: 'Promoted', weight: 0, observedWeight: 0, observedMirror: 10, observedMatching: true },
    },
    { want: 'L06 weight 5, observedWeight 101', change: { observedWeight: 101 } },
    { want: 'L06 weight 5', change: { mirror: 101 } },
    { want: 'L08 Ready is absent', change: { conditions: [] } },
    {
      want: 'L08 Ready is False in phase Promoted',
      change: { phase: 'Promoted', conditions: aStatus({}).conditions },
    },
    { want: 'L09 observedGeneration 2', change: { observedGeneration: 2 } },
    { want: 'L09 observedGeneration 0.5', change: { observedGeneration: 0.5 } },
    {
      want: 'L10 51 decisions',
      change: { decisions: Array.from({ length: MAX_DECISIONS + 1 }, () => line('2026-01-01T00:00:00Z')) },
    },
    {
      want: 'L10 decisions[1]',
      change: { decisions: [line('2026-01-02T00:00:00Z'), line('2026-01-01T00:00:00Z')] },
    },
    { want: 'L11 step 3 of 3', change: { step: 3 } },
    { want: 'L12 weightObservedAt', change: { weightObservedAt: '2025-01-01T00:00:00Z' } },
    { want: 'L13 Promoted with a failing verdict', change: { phase: 'Promoted', verdict: fail } },
    { want: 'L18 promotedFor Order in phase Waiting', change: { phase: 'Waiting', promotedFor: 'Order' } },
    {
      want: 'L19 withdrawal.endsAs Superseded in phase RolledBack',
      change: { phase: 'RolledBack', withdrawal: { endsAs: 'Superseded', turnedDown: false } },
    },
    { want: 'L20 waitsFor Answer', change: { phase: 'Progressing', waitsFor: 'Answer' } },
    { want: 'L21 losses 0.5', change: { losses: 0.5 } },
    { want: 'L14 verdict number p', change: { verdict: { ...fail, numbers: { p: Number.NaN } } } },
  ])('$want', ({ want, change }) => {
    expect(lint(change).filter((problem) => problem.startsWith(want))).toHaveLength(1);
  });

  it('L01, L02, L04: names a phase and a reason that do not exist, and a missing end', () => {
    const strange = { ...aStatus({}), phase: 'Baking' } as unknown as ReleaseStatus;
    const unknown = { ...aStatus({}), reason: 'Whatever' } as unknown as ReleaseStatus;
    expect(lintRelease(aRelease({ status: unknown }))[0]).toMatch(/^L02 reason "Whatever"/);
    expect(lintRelease(aRelease({ status: strange }))).toContainEqual('L01 phase "Baking" is not known');
    const endless = aStatus({ phase: 'Promoted' });
    delete endless.endedAt;
    expect(lintRelease(aRelease({ status: endless }))).toEqual(['L04 endedAt is absent in phase Promoted']);
  });

  it('L18, L19: names what a promotion, or a way back, cannot be without', () => {
    const promoting = aStatus({ phase: 'Promoting' });
    delete promoting.promotedFor;
    expect(lintRelease(aRelease({ status: promoting }))).toEqual([
      'L18 promotedFor is absent in phase Promoting',
    ]);
    const leaving = aStatus({ phase: 'RollingBack' });
    delete leaving.withdrawal;
    expect(lintRelease(aRelease({ status: leaving }))).toEqual([
      'L19 withdrawal is absent in phase RollingBack',
    ]);
  });

  it('L07: conditions never contradict each other and are there once', () => {
    const { conditions } = aStatus({ phase: 'Promoted' });
    const stalled = aStatus({ phase: 'RolledBack' }).conditions.filter((item) => item.type === 'Stalled');
    expect(lint({ phase: 'Promoted', conditions: [...conditions, ...stalled] })).toEqual([
      'L07 Ready and Stalled are True at once',
      'L08 Stalled is listed in phase Promoted',
    ]);
    expect(lint({ phase: 'Promoted', conditions: [...conditions, ...conditions] })).toEqual([
      'L07 condition Ready is there twice',
    ]);
  });

  it('L15: an ended release carries no traffic finalizer', () => {
    const release = aRelease({ status: aStatus({ phase: 'Aborted' }) });
    const held = { ...release, metadata: { ...release.metadata, finalizers: ['sluice.dev/traffic'] } };
    expect(lintRelease(held)).toEqual([
      'L15 the finalizer sluice.dev/traffic is still there in phase Aborted',
    ]);
  });
});
