import { isEndless } from '../../../api/analysis.ts';
import type { ThresholdMetric } from '../../../api/kinds/template/kinds/threshold.ts';
import type { Issue } from '../../../lib/result.ts';
import type { MetricKind } from '../core/kind.ts';
import { checkExpression } from './expression.ts';
import { isThresholdData, judgeThreshold, namesStable, readThreshold, writeThreshold } from './threshold.ts';

function check(metric: ThresholdMetric, place: string): Issue[] {
  return (['failure', 'success'] as const).flatMap((field) => {
    const text = metric[field];
    const problem = text === undefined ? undefined : checkExpression(text);
    if (text === undefined || problem === undefined) return [];
    const value = text.length > 60 ? `${text.slice(0, 57)}…` : text;
    return [
      {
        path: `${place}.threshold.${field}`,
        value: JSON.stringify(value),
        message: `cannot be used: ${problem}`,
        remedy: 'write a condition over value, canary and stable, like "value < 0.5"',
      },
    ];
  });
}

function refused(canary: number, stable: number | undefined): string | undefined {
  return stable !== undefined && isEndless(canary) && isEndless(stable)
    ? 'canary and stable are both infinite, which cannot be compared'
    : undefined;
}

/** One number, checked against conditions. */
export const threshold: MetricKind<ThresholdMetric> = {
  name: 'threshold',
  title: 'threshold',
  asks: {
    form: 'numbers',
    of: (metric) => ({
      query: metric.query,
      ...(metric.stableQuery === undefined ? {} : { stableQuery: metric.stableQuery }),
      nan: metric.nan === 'zero' ? 'zero' : 'refuse',
      stable: namesStable(metric) ? 'named' : 'unused',
      refused,
    }),
  },
  memory: {
    begun: () => writeThreshold(readThreshold(undefined)),
    isWhole: isThresholdData,
    nextStep: (state) => writeThreshold(readThreshold(state)),
  },
  judge: judgeThreshold,
  replays: true,
  check,
};
