import type { ErrorRateMetric } from '../../../api/kinds/template/kinds/error-rate.ts';
import { pardon } from '../core/comparison.ts';
import type { MetricKind } from '../core/kind.ts';
import { judgeErrorRate } from './error-rate.ts';
import {
  inheritedErrorRate,
  isErrorRateData,
  nextErrorRateStep,
  readErrorRate,
  wantsErrorRateHistory,
  writeErrorRate,
} from './state.ts';
import { judgeWarmingErrors } from './warming.ts';

/** Shares of bad requests, compared. */
export const errorRate: MetricKind<ErrorRateMetric> = {
  name: 'errorRate',
  title: 'error rate',
  asks: { form: 'counts', of: ({ queries }) => queries },
  brokenDown: ({ breakdown, harmMargin: margin }) => breakdown && { ...breakdown, margin },
  memory: {
    begun: () => writeErrorRate(readErrorRate(undefined)),
    isWhole: isErrorRateData,
    nextStep: (state, keep) => writeErrorRate(nextErrorRateStep(readErrorRate(state), keep)),
    pardoned: (state) => writeErrorRate(pardon(readErrorRate(state))),
    wantsHistory: (state) => wantsErrorRateHistory(readErrorRate(state)),
    inherited: inheritedErrorRate,
  },
  judge: judgeErrorRate,
  judgeWarming: judgeWarmingErrors,
  horizonMs: ({ test }) => (test.method === 'sequential' ? 0 : test.horizonMs),
  replays: true,
};
