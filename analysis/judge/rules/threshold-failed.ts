import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/** A critical threshold that failed more often than its limit allows stops the release. */
export const thresholdFailed: JudgeRule = {
  name: 'threshold-failed',
  judge(input) {
    const failed = input.deciding.find(
      ({ state, verdict }) => state.type === 'threshold' && verdict.critical && verdict.result === 'fail',
    );
    return failed && fromMetric(input, failed);
  },
};
