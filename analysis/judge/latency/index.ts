import type { LatencyMetric } from '../../../api/kinds/template/kinds/latency.ts';
import type { MetricKind } from '../core/kind.ts';
import { judgeLatency } from './latency.ts';
import {
  inheritedLatency,
  isLatencyData,
  nextLatencyStep,
  pardonLatency,
  readLatency,
  wantsLatencyHistory,
  writeLatency,
} from './state.ts';

/** Shares of requests slower than quantiles of stable, compared. */
export const latency: MetricKind<LatencyMetric> = {
  name: 'latency',
  title: 'latency',
  asks: { form: 'histograms', of: ({ queries }) => queries },
  memory: {
    begun: () => writeLatency(readLatency(undefined)),
    isWhole: isLatencyData,
    nextStep: (state, keep) => writeLatency(nextLatencyStep(readLatency(state), keep)),
    pardoned: (state) => writeLatency(pardonLatency(readLatency(state))),
    wantsHistory: (state) => wantsLatencyHistory(readLatency(state)),
    inherited: inheritedLatency,
  },
  judge: judgeLatency,
  replays: true,
};
