import { REASON } from '../../../api/reasons.ts';
import { inconclusive } from '../core/missing.ts';
import type { JudgeRule } from './rule.ts';

/** Without a metric that may decide, a human has to. */
export const nothingMeasured: JudgeRule = {
  name: 'nothing-measured',
  judge({ deciding }) {
    if (deciding.length > 0) return undefined;
    return inconclusive(
      REASON.NothingMeasured,
      'no metric may decide: all of them are dry runs, or the template has none',
    );
  },
};
