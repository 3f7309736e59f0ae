import type { MetricState } from '../../../api/kinds/release/verdict.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { Margin } from '../../../api/kinds/template/margins.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import type { ErrorRateQueries, LatencyQueries } from '../../../api/kinds/template/preset.ts';
import type { Scoring } from '../../../api/kinds/template/scoring.ts';
import type { Arm } from '../../../api/query.ts';
import type { Issue } from '../../../lib/result.ts';
import type { Evaluation, MetricInput, Opinion } from './evaluation.ts';

/**
 * A kind of metric: what it asks of a source, how it judges what comes back, and what people are told. One object per folder, listed in
 * ../list.ts; its fields are api/kinds/template/kinds/<kind>.ts. docs/extending/metric-kind.md
 */
export interface MetricKind<M extends Metric = Metric> {
  /** its name, which is also the name of the field that identifies it */
  readonly name: M['type'];
  /** what it is called in sentences */
  readonly title: string;
  readonly asks: Asks<M>;
  /** by which label it is looked into after a failure; absent or undefined: by none */
  brokenDown?(metric: M): BrokenDown | undefined;
  readonly memory: Memory<M>;
  /** one metric after a window */
  judge(input: MetricInput, metric: M): Evaluation;
  /** the same for a window in which most canary pods were cold; absent: it is not judged then */
  judgeWarming?(input: MetricInput, metric: M): Evaluation;
  /** what the metrics of this kind say as one where their template has a score; absent: each speaks for itself */
  judgeTogether?(members: readonly Scored<M>[], scoring: Scoring, bound: BoundTemplate): Opinion;
  /** how long a step has to last before the metric can pass; absent: no such time is fixed */
  horizonMs?(metric: M): number;
  /** stable's past can stand for both arms; `sluice backtest` leaves other kinds out */
  readonly replays: boolean;
  /** what is wrong with its fields beside the queries; `place` is that of the metric */
  check?(metric: M, place: string): Issue[];
}

/** How a metric that counts is looked into after a failure. */
export interface BrokenDown {
  /** the label */
  by: string;
  /** above it a value of the label is harmful */
  margin: Margin;
}

/** Its running statistics (plain JSON in the status of the Release), and how they begin and continue. */
export interface Memory<M extends Metric = Metric> {
  /** the statistics before the first window */
  begun(): MetricState;
  /** can this be read, as stored? */
  isWhole(data: unknown): boolean;
  /** at the beginning of the next step; evidence of harm is always kept, `keepSafe`: evidence of safety as well */
  nextStep(state: MetricState, keep: { keepSafe: boolean }): MetricState;
  /** a human saw what speaks for harm and let the release go on: only new evidence of harm counts; absent: it keeps none */
  pardoned?(state: MetricState): MetricState;
  /** the history of stable can still calibrate it; absent: it needs no history */
  wantsHistory?(state: MetricState): boolean;
  /** what a new release takes over from a former one: no evidence and no counts. Absent: it takes nothing over */
  inherited?(former: MetricState, metric: M): MetricState | undefined;
}

/** What is asked of a source for one window, and therefore what a measurement holds. */
export type Asks<M> =
  /** how much two cumulative counts per arm rose; undefined: it has no queries, and no preset gave it any */
  | { form: 'counts'; of(metric: M): Record<Arm, ErrorRateQueries> | undefined }
  | { form: 'histograms'; of(metric: M): Record<Arm, LatencyQueries> | undefined }
  | { form: 'numbers'; of(metric: M): Numbers };

/** One number per arm at the end of the window. */
export interface Numbers {
  query: string;
  stableQuery?: string;
  /** what to do with a value that is not a number */
  nan: 'zero' | 'refuse';
  /** compared: without a number of stable there is nothing to judge; named: a condition uses it */
  stable: 'compared' | 'named' | 'unused';
  /** why these numbers cannot be judged */
  refused(canary: number, stable: number | undefined): string | undefined;
}

/** A metric that counts in the score of its template. */
export interface Scored<M extends Metric = Metric> {
  metric: M;
  evaluation: Evaluation;
}
