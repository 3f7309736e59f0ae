import type { AnalysisState, Verdict } from '../../../api/kinds/release/verdict.ts';
import type { Counts, History, LatencyHistory, Measurement } from '../../../api/analysis.ts';
import { parseTemplate } from '../../../api/kinds/template/template.ts';
import type { BoundTemplate } from '../../../api/kinds/template/bound.ts';
import type { JudgeInput } from '../../../analysis/judge/core/judge.ts';
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

  /** Continues with the statistics of another watch of the same release; what it judged is not judged again. */
  from(state: AnalysisState): this {
    this.state = state;
    this.#startMs = state.measuredUntilMs ?? this.#startMs;
    return this;
  }

  /** Another watch that goes on from here. */
  fork(): Watch {
    return new Watch(this.#templates[0]!, 0).from(this.state);
  }

  look(numbers: Numbers, about?: About): Verdict {
    return this.lookAt({ [METRIC]: numbers }, about);
  }

  /** One window with the numbers of several metrics, by name. */
  lookAt(numbers: Readonly<Record<string, Numbers>>, about: About = {}): Verdict {
    const window = { startMs: this.#startMs, endMs: this.#startMs + this.#seconds * 1000 };
    this.#startMs = window.endMs;
    const { state, verdict } = judgeWindow(this.state, {
      templates: this.#templates,
      measurements: Object.entries(numbers).map(([metric, each]) => ({
        metric,
        window,
        outcome: 'ok',
        ...each,
      })),
      window,
      ...about,
    });
    this.state = state;
    return verdict;
  }

  nextStep(): void {
    this.state = startStep(this.state, this.state.step + 1, this.#templates);
  }
}

/** What the judge is told about a window besides its numbers. */
export type About = Pick<JudgeInput, 'nextWeight' | 'warming' | 'sticky'>;

/** The numbers of one window: counts or histograms of both arms, and with the first window stable's past. */
export type Numbers = ErrorNumbers | LatencyNumbers;
type Ok<K extends 'counts' | 'histograms'> = Extract<Measurement, { outcome: 'ok'; kind: K }>;
type Without = 'metric' | 'window' | 'outcome';
export type ErrorNumbers = Omit<Ok<'counts'>, Without>;
export type LatencyNumbers = Omit<Ok<'histograms'>, Without> & { history?: LatencyHistory };

export const METRIC = 'bench';

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
  { margin, names = [METRIC], ...spec }: TemplateChange & { names?: readonly string[] } = {},
): BoundTemplate {
  const metrics = names.map((name) => ({ name, ...metric, ...(margin && { margin }) }));
  const parsed = parseTemplate({ interval: `${tickSeconds}s`, metrics, ...spec });
  if (!parsed.ok) throw new Error(`the benchmark's template is refused: ${JSON.stringify(parsed.issues)}`);
  return { use: { template: METRIC, args: {} }, template: parsed.value };
}

export function errorTemplate(tickSeconds: number, change?: Parameters<typeof templateOf>[2]): BoundTemplate {
  return templateOf(ERRORS, tickSeconds, change);
}

const ERRORS = { errorRate: { preset: 'auto' } };

/**
 * Statistics that have learnt from history and have no canary request yet, so that several canaries can be
 * compared with the same stable arm without learning again.
 */
export function learnt(template: BoundTemplate, run: number, history: History, byPod = true): AnalysisState {
  return learntAll(template, run, { [METRIC]: byPod ? history : { stable: history.stable } });
}

/** The same of several metrics, by name. */
export function learntAll(
  template: BoundTemplate,
  run: number,
  histories: Readonly<Record<string, History>>,
): AnalysisState {
  const watch = new Watch(template, run);
  const none: Counts = { total: 0, bad: 0 };
  const first = Object.entries(histories).map(
    ([name, history]) => [name, { kind: 'counts', canary: none, stable: none, history } as const] as const,
  );
  watch.lookAt(Object.fromEntries(first));
  return startStep(watch.state, 0);
}
