import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { MetricState } from '../../../api/kinds/release/verdict.ts';
import { errorRate, judgeAll, rates, times } from '../../../test/support/judge-objects.ts';
import { startStep } from '../core/judge.ts';

/** Written by the release before evidence of late harm and of idle windows was kept: after three windows, and after none. */
const former = JSON.parse(readFileSync(new URL('./former-layout.json', import.meta.url), 'utf8')) as Record<
  'counted' | 'nothing',
  MetricState
>;

const judge = (errors: MetricState) =>
  judgeAll(
    [errorRate()],
    times(40, (i) => [rates('15/1500 285/28500', i)]),
    { ...startStep(undefined, 0), metrics: { errors } },
  ).verdicts;

test.each(['counted', 'nothing'] as const)(
  'statistics of the former layout are not read, and nothing passes without a human: %s',
  (which) => {
    for (const { result, reason } of judge(former[which]))
      expect([result, reason]).toEqual(['inconclusive', 'StateUnreadable']);
  },
);
