import type { AnalysisState, Verdict } from '../../../api/kinds/release/verdict.ts';
import type { Counts, History, LatencyHistory, Measurement, Window } from '../../../api/analysis.ts';
import { parseTemplate } from '../../../api/kinds/template/template.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import { judgeWindow, startStep } from '../../../analysis/judge/core/judge.ts';
import type { PodCounts } from './traffic.ts';
import { sum } from './traffic.ts';

/** The product's judge, which looks at one simulated release window by window. */
export class Watch {
  readonly #templates: readonly BoundTemplate[];
  readonly #seconds: number;
  #startMs: number;
  state: AnalysisState = startStep(undefined, 0);

  /** `run` only sets the clock: thinning draws are seeded by the time at which a release began. */
  constructor(template: BoundTemplate, run: number) {
    this.#templates = [template];
    this.#seconds = template.template.intervalMs / 1000;
    this.#startMs = 1_700_000_000_000 + run * 86_400_000;
  }

  /** Continues with the statistics of another watch of the same release. */
  from(state: AnalysisState): this {
    this.state = state;
    return this;
  }

  look(numbers: Numbers, nextWeight?: number): Verdict {
    const window = { startMs: this.#startMs, endMs: this.#startMs + this.#seconds * 1000 };
    this.#startMs = window.endMs;
    const { state, verdict } = judgeWindow(this.state, {
      templates: this.#templates,
      measurements: [measurementOf(numbers, window)],
      window,
      ...(nextWeight === undefined ? {} : { nextWeight }),
    });
    this.state = state;
    return verdict;
  }

  nextStep(): void {
    this.state = startStep(this.state, this.state.step + 1, this.#templates);
  }
}

/** The numbers of one window: counts or histograms of both arms, and with the first window stable's past. */
export type Numbers = ErrorNumbers | LatencyNumbers;
type Ok<K extends 'counts' | 'histograms'> = Extract<Measurement, { outcome: 'ok'; kind: K }>;
type Without = 'metric' | 'window' | 'outcome';
export type ErrorNumbers = Omit<Ok<'counts'>, Without>;
export type LatencyNumbers = Omit<Ok<'histograms'>, Without> & { history?: LatencyHistory };

export const METRIC = 'bench';

function measurementOf(numbers: Numbers, window: Window): Measurement {
  return { metric: METRIC, window, outcome: 'ok', ...numbers };
}

/** Counts of one window; `byPod: false` hides the pod of each count. */
export function errorNumbers(
  { canary, stable }: { canary: PodCounts; stable: PodCounts },
  { history, byPod = true }: { history?: History; byPod?: boolean } = {},
): ErrorNumbers {
  return {
    kind: 'counts',
    canary: sum(Object.values(canary)),
    stable: sum(Object.values(stable)),
    ...(byPod ? { pods: { canary, stable } } : {}),
    ...(history === undefined ? {} : { history: byPod ? history : { stable: history.stable } }),
  };
}

/** Fields of a template that differ from the defaults. */
export interface TemplateChange {
  margin?: Record<string, Record<string, number>>;
  risk?: Record<string, number>;
  safeEvidence?: 'cumulative';
}

/** A template as a user would write it; everything else is the product's default. */
export function templateOf(
  metric: Record<string, unknown>,
  tickSeconds: number,
  { margin, ...spec }: TemplateChange = {},
): BoundTemplate {
  const metrics = [{ name: METRIC, ...metric, ...(margin && { margin }) }];
  const parsed = parseTemplate({ interval: `${tickSeconds}s`, metrics, ...spec });
  if (!parsed.ok) throw new Error(`the benchmark's template is refused: ${JSON.stringify(parsed.issues)}`);
  return { use: { template: METRIC, args: {} }, template: parsed.value };
}

export function errorTemplate(tickSeconds: number, change?: TemplateChange): BoundTemplate {
  return templateOf({ errorRate: { preset: 'auto' } }, tickSeconds, change);
}

/**
 * Statistics that have learnt from history and have no canary request yet, so that several canaries can be
 * compared with the same stable arm without learning again.
 */
export function learnt(template: BoundTemplate, run: number, history: History, byPod = true): AnalysisState {
  const watch = new Watch(template, run);
  const none: Counts = { total: 0, bad: 0 };
  watch.look({
    kind: 'counts',
    canary: none,
    stable: none,
    history: byPod ? history : { stable: history.stable },
  });
  return startStep(watch.state, 0);
}
