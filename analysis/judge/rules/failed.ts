import type { JudgeRule } from './rule.ts';
import { fromMetric } from './rule.ts';

/**
 * A critical metric that decides by itself failed: a threshold, a ceiling, a test at a planned look. Its failure is not averaged
 * with other metrics' evidence.
 */
export const failed: JudgeRule = {
  name: 'failed',
  judge(input) {
    const found = input.deciding.find(({ stops, verdict }) => stops === true && verdict.critical);
    return found && { ...fromMetric(input, found), result: 'fail' };
  },
};
