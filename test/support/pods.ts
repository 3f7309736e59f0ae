import type { Counts, History, Measurement } from '../../api/analysis.ts';
import type { Verdict, AnalysisState } from '../../api/kinds/release/verdict.ts';
import type { ErrorRateMetric } from '../../api/kinds/template/kinds/error-rate.ts';
import { judgeWindow, startStep } from '../../analysis/judge/core/judge.ts';
import type { Random } from '../../lib/random.ts';
import { boundTo, errorRate, times } from './judge-objects.ts';
import { poisson } from './sampling.ts';

/** Counts pod by pod, in windows of a minute, for tests of the judge. */

export type Pods = Record<string, Counts>;

/** `rates[j]`: share of bad requests of the j-th pod, each of which has `total` requests. */
export function drawPods(prefix: string, rates: readonly number[], total: number, random: Random): Pods {
  return Object.fromEntries(
    rates.map((rate, j) => [
      `${prefix}-${j}`,
      { total, bad: Math.min(total, poisson(total * rate, random)) },
    ]),
  );
}

export function sumOf(pods: Pods): Counts {
  const list = Object.values(pods);
  const sum = (part: keyof Counts): number => list.reduce((all, each) => all + each[part], 0);
  return { total: sum('total'), bad: sum('bad') };
}

/** One measured window of both arms. */
export function podCounts(canary: Pods, stable: Pods, history?: History): Measurement {
  return {
    metric: 'errors',
    window: { startMs: 0, endMs: 60_000 },
    outcome: 'ok',
    kind: 'counts',
    canary: sumOf(canary),
    stable: sumOf(stable),
    pods: { canary, stable },
    ...(history === undefined ? {} : { history }),
  };
}

/** The history of these stable pods: one record of counts by pod for each window, oldest first. */
export function historyOf(windows: readonly Pods[]): History {
  const names = Object.keys(windows[0] ?? {});
  return {
    stable: windows.map(sumOf),
    pods: Object.fromEntries(
      names.map((pod) => [pod, windows.map((window) => window[pod] ?? { total: 0, bad: 0 })]),
    ),
  };
}

export interface Play {
  history: History;
  windows: number;
  canary: (window: number) => Pods;
  stable: (window: number) => Pods;
  metric?: ErrorRateMetric;
}

/** Judges windows of a minute until one fails; at most `windows` of them. */
export function playPods({ history, windows, canary, stable, metric = errorRate() }: Play): {
  verdicts: Verdict[];
  state: AnalysisState;
} {
  let state = startStep(undefined, 0);
  const verdicts: Verdict[] = [];
  for (const i of times(windows, (at) => at)) {
    const judged = judgeWindow(state, {
      templates: [boundTo([metric])],
      measurements: [podCounts(canary(i), stable(i), i === 0 ? history : undefined)],
      window: { startMs: i * 60_000, endMs: (i + 1) * 60_000 },
    });
    state = judged.state;
    verdicts.push(judged.verdict);
    if (judged.verdict.result === 'fail') break;
  }
  return { verdicts, state };
}
