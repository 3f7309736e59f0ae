import { describe, expect, it } from 'vitest';
import { buildConditions, isTerminal } from './conditions.ts';
import { PHASES } from './kinds/release/status.ts';
import type { Phase } from './kinds/release/status.ts';

const at = (phase: Phase, nowMs = 0) => ({
  phase,
  reason: 'Measuring' as const,
  message: 'x',
  observedGeneration: 3,
  nowMs,
});
const brief = (phase: Phase) => buildConditions(at(phase)).map((item) => `${item.type}=${item.status}`);

describe('buildConditions', () => {
  it.each<{ phases: Phase[]; want: string[] }>([
    {
      phases: ['Pending', 'Progressing', 'Promoting', 'RollingBack'],
      want: ['Ready=False', 'Reconciling=True'],
    },
    { phases: ['Waiting'], want: ['Ready=False', 'Reconciling=True', 'NeedsHuman=True'] },
    { phases: ['Promoted'], want: ['Ready=True'] },
    { phases: ['RolledBack', 'Aborted', 'Superseded', 'Escaped'], want: ['Ready=False', 'Stalled=True'] },
    { phases: ['Blocked'], want: ['Ready=False', 'Stalled=True', 'NeedsHuman=True'] },
  ])('$phases → $want', ({ phases, want }) => {
    for (const phase of phases) expect(brief(phase)).toEqual(want);
  });

  it('moves lastTransitionTime only when the status changes', () => {
    const first = buildConditions(at('Progressing', 1_000));
    const second = buildConditions({ ...at('Promoting', 61_000), reason: 'Promoted' as const }, first);
    const third = buildConditions(at('Promoted', 121_500), second);
    const ready = [first, second, third].map((list) => list.find((item) => item.type === 'Ready'));
    expect(ready.map((item) => item?.lastTransitionTime)).toEqual([
      '1970-01-01T00:00:01Z',
      '1970-01-01T00:00:01Z',
      '1970-01-01T00:02:01Z',
    ]);
    expect(second[0]?.reason).toBe('Promoted');
  });

  it('counts Blocked and Waiting as not ended', () => {
    expect(PHASES.filter(isTerminal)).toEqual(['Promoted', 'RolledBack', 'Superseded', 'Aborted', 'Escaped']);
  });
});
