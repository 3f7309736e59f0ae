import { describe, expect, it } from 'vitest';
import type { IntOrPercent } from '../kinds.ts';
import { budgetOf } from './budget.ts';

interface Case {
  replicas: number;
  surge: IntOrPercent;
  unavailable: IntOrPercent;
  want: [number, number];
}

const CASES: Case[] = [
  { replicas: 4, surge: '25%', unavailable: '25%', want: [1, 1] },
  { replicas: 3, surge: '25%', unavailable: '25%', want: [1, 0] },
  { replicas: 5, surge: '25%', unavailable: '25%', want: [2, 1] },
  { replicas: 10, surge: 3, unavailable: 2, want: [3, 2] },
  { replicas: 4, surge: 0, unavailable: '50%', want: [0, 2] },
  { replicas: 3, surge: 0, unavailable: '25%', want: [0, 1] },
  { replicas: 2, surge: 1, unavailable: 5, want: [1, 2] },
  { replicas: 0, surge: '25%', unavailable: '25%', want: [0, 0] },
];

describe('the budget of a rollout', () => {
  it.each(CASES)('of $replicas with surge $surge and unavailable $unavailable is $want', (given) => {
    const rollingUpdate = { maxSurge: given.surge, maxUnavailable: given.unavailable };
    const spec = {
      replicas: given.replicas,
      selector: {},
      template: { spec: {} },
      strategy: { rollingUpdate },
    };
    const { maxSurge, maxUnavailable } = budgetOf(spec);
    expect([maxSurge, maxUnavailable]).toEqual(given.want);
  });

  it('is nothing for Recreate', () => {
    const spec = { replicas: 4, selector: {}, template: { spec: {} }, strategy: { type: 'Recreate' } };
    expect(budgetOf(spec)).toEqual({ maxSurge: 0, maxUnavailable: 0 });
  });
});
