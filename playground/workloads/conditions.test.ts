import { describe, expect, it } from 'vitest';
import type { Condition } from './conditions.ts';
import { withCondition } from './conditions.ts';

const OTHER: Condition = { type: 'Other', status: 'True' };
const READY: Condition = {
  type: 'Ready',
  status: 'True',
  reason: 'Up',
  message: 'old',
  lastTransitionTime: 't1',
};

interface Case {
  name: string;
  next: Condition;
  want: Condition[];
}

const CASES: Case[] = [
  {
    name: 'of the same status and reason changes nothing',
    next: { ...READY, message: 'new', lastTransitionTime: 't2' },
    want: [READY, OTHER],
  },
  {
    name: 'of another reason keeps its transition time',
    next: { ...READY, reason: 'Fine', lastTransitionTime: 't2' },
    want: [OTHER, { ...READY, reason: 'Fine' }],
  },
  {
    name: 'of another status moves its transition time',
    next: { ...READY, status: 'False', lastTransitionTime: 't2' },
    want: [OTHER, { ...READY, status: 'False', lastTransitionTime: 't2' }],
  },
];

describe('a condition', () => {
  it.each(CASES)('$name', ({ next, want }) => {
    expect(withCondition([READY, OTHER], next)).toEqual(want);
  });
});
