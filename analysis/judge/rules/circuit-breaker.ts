import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** A canary that answers mostly errors while stable is fine is stopped whatever the statistics say. */
export const circuitBreaker: JudgeRule = {
  name: 'circuit-breaker',
  judge(input) {
    const broken = input.deciding.find(({ broken, verdict }) => broken === true && verdict.critical);
    return broken && fromMetric(input, broken);
  },
};
