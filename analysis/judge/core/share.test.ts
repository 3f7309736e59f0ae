import { describe, expect, it } from 'vitest';
import type { TrafficShare } from '../../../api/kinds/release/status.ts';
import { judgeShare, shareUnknown } from './share.ts';

const since = '2026-01-01T12:00:00Z';
const of = (canary: number, stable: number, before?: TrafficShare) =>
  judgeShare(before, { since, wanted: 5, canary, stable });

describe('the share of a step', () => {
  it('is counted on from window to window', () => {
    const first = of(3, 60);
    expect(first).toMatchObject({ canary: 3, stable: 60, reason: 'TrafficShareUnverified' });
    expect(first.sentence).toBe(
      'Whether the canary gets the share it should cannot be verified yet: 63 requests were counted since the weight was observed, 100 are needed.',
    );
    const next = of(7, 130, first);
    expect(next).toMatchObject({ canary: 10, stable: 190, reason: 'TrafficShareVerified', wanted: 5, since });
    expect(next.sentence).toMatch(
      /^The canary gets 5% of 200 requests \([\d.]+% to [\d.]+%\); 5% are wanted\.$/,
    );
  });

  it('begins anew where the weight was written again, or is another', () => {
    const before = of(10, 190);
    expect(
      judgeShare(before, { since: '2026-01-01T12:09:00Z', wanted: 5, canary: 1, stable: 1 }),
    ).toMatchObject({
      canary: 1,
      stable: 1,
    });
    expect(judgeShare(before, { since, wanted: 25, canary: 1, stable: 1 })).toMatchObject({
      canary: 1,
      stable: 1,
    });
  });

  it.each([
    {
      canary: 10,
      stable: 990,
      reason: 'TrafficShareTooLow',
      words: ['1% of 1000 requests (at most', '5% are wanted'],
    },
    {
      canary: 0,
      stable: 900,
      reason: 'TrafficShareNone',
      words: ['none of 900 requests where about 45 were due'],
    },
    {
      canary: 150,
      stable: 150,
      reason: 'TrafficShareTooHigh',
      words: ['50% of 300 requests (at least', 'canary Service'],
    },
  ])(
    '$canary of $canary + $stable requests: $reason, with likely causes',
    ({ canary, stable, reason, words }) => {
      const got = of(canary, stable);
      expect(got.reason).toBe(reason);
      for (const word of [...words, 'likely causes']) expect(got.sentence).toContain(word);
    },
  );

  it('keeps what it knows while nothing can be added', () => {
    const why = 'Prometheus is away';
    const known = of(10, 190);
    expect(shareUnknown(known, { since, wanted: 5, why })).toBe(known);
    expect(shareUnknown(undefined, { since, wanted: 5, why })).toMatchObject({
      reason: 'TrafficShareUnverified',
      canary: 0,
      sentence: 'Whether the canary gets the share it should cannot be verified: Prometheus is away.',
    });
    expect(shareUnknown(of(2, 40), { since, wanted: 5, why })).toMatchObject({ canary: 2, stable: 40 });
  });
});
