import { describe, expect, it } from 'vitest';
import { lintRelease, MAX_DECISIONS } from '../../api/linter.ts';
import type { Reason } from '../../api/reasons.ts';
import type { DecisionRecord } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { ago, aSnapshot, NOW } from '../../test/support/builders.ts';
import { aRelease, aStatus, underWay } from '../../test/support/release-builders.ts';
import { factsOf } from '../facts/facts.ts';
import { nextStatus, type Said, type StatusChange } from './next.ts';

const said: Said = { reason: 'MoreDataNeeded', sentence: 'More is needed.' };

function next(
  status: Partial<ReturnType<typeof aStatus>> | null,
  change: StatusChange = {},
  what: Said = said,
) {
  const objects = underWay(status === null ? { status: null } : { status });
  const facts = factsOf(aSnapshot(objects));
  return nextStatus(facts, facts.newest!, what, change);
}

describe('the next status', () => {
  it('passes the linter from the first one on', () => {
    const release = { ...aRelease({ status: null }), status: next(null) } as unknown as Release;
    expect(lintRelease(release)).toEqual([]);
  });

  it('shows the weight that was read back, not the one that is wanted', () => {
    expect(next({}, { weight: 50 })).toMatchObject({ weight: 50, observedWeight: 5 });
  });

  it('counts the present step from 1 for people', () => {
    expect(next({}, { step: 1, steps: 3 }).stepOf).toBe('2/3');
    expect('stepOf' in next({ stepOf: '1/3' }, { step: -1 })).toBe(false);
  });

  it('drops fields that are set to undefined', () => {
    expect('weightObservedAt' in next({}, { weightObservedAt: undefined })).toBe(false);
  });

  it('remembers at which generation the target held its template', () => {
    expect(next({ targetGeneration: 3 }).targetGeneration).toBe(5);
  });

  it('ends once, at the time of the first terminal phase', () => {
    expect(next({}, { phase: 'Aborted', weight: 0 }).endedAt).toBe(new Date(NOW).toISOString());
    expect(next({ phase: 'Aborted', endedAt: ago(50) }, { weight: 0 }).endedAt).toBe(ago(50));
  });

  it('keeps the time of a condition that does not change', () => {
    const first = next({});
    const later = next({
      conditions: first.conditions.map((each) => ({ ...each, lastTransitionTime: ago(400) })),
    });
    expect(later.conditions.map((each) => each.lastTransitionTime)).toEqual(
      first.conditions.map(() => ago(400)),
    );
  });
});

describe('the decision log', () => {
  const record = (reason: Reason, sentence: string = reason) => ({ time: ago(100), reason, sentence });

  it('gets a line for each new reason', () => {
    const { decisions } = next({ decisions: [record('NewRevision')] });
    expect(decisions.map(({ reason }) => reason)).toEqual(['NewRevision', 'MoreDataNeeded']);
  });

  it('brings a repeated reason up to date instead of repeating it', () => {
    const before = [record('NewRevision'), record('MoreDataNeeded', 'Old.')];
    const { decisions } = next({ decisions: before }, {}, { ...said, numbers: { requests: 7 } });
    expect(decisions).toEqual([
      before[0],
      { time: new Date(NOW).toISOString(), ...said, numbers: { requests: 7 } },
    ]);
  });

  it('is left alone by a decision that says nothing new, so that nothing is written', () => {
    const before = [record('MoreDataNeeded', 'More is needed.')];
    expect(next({ decisions: before }).decisions).toEqual(before);
  });

  it('keeps what passed and what a human ordered however much is waited for later, 50 lines at most', () => {
    const first = [
      record('NewRevision'),
      record('StepPassed', 'Step 1 of 3 passed.'),
      record('PausedByHuman'),
    ];
    let log: DecisionRecord[] = first;
    for (let round = 0; round < 200; round++) {
      log = next(
        { decisions: log },
        {},
        { reason: round % 2 === 0 ? 'NoData' : 'MoreDataNeeded', sentence: 'x' },
      ).decisions;
    }
    expect(log).toHaveLength(MAX_DECISIONS);
    expect(log.slice(0, 3)).toEqual(first);
  });

  it('keeps the first line and the newest, 50 at most', () => {
    const long = Array.from({ length: MAX_DECISIONS }, (_, index) =>
      record(index % 2 === 0 ? 'ObservingWeight' : 'ScalingCanary', String(index)),
    );
    const { decisions } = next({ decisions: long });
    expect([
      decisions.length,
      decisions[0]?.sentence,
      decisions[1]?.sentence,
      decisions.at(-1)?.reason,
    ]).toEqual([50, '0', '2', 'MoreDataNeeded']);
  });

  it.each(['Measuring', 'Settling', 'MinimumDuration'] as const)('does not list %s', (reason) => {
    expect(next({ decisions: [] }, {}, { reason, sentence: 'x' }).decisions).toEqual([]);
  });
});
