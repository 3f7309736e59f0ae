import { SHARE, type Counts, type Measurement, type Window } from '../../api/analysis.ts';
import type { BoundMetric } from '../../api/bound.ts';
import { kindOfMetric } from '../../analysis/judge/kinds.ts';
import { histogramOf, historyOf } from './durations.ts';
import { VERSIONS } from './objects.ts';
import { isCanaryPod, isReady } from './by-pods.ts';
import { liveSplit, MATCHING_SHARE } from './split.ts';
import { generator, imageOf, NAMESPACE, type World } from './world.ts';

const REQUESTS_PER_SECOND = 200;
const SAMPLE_MS = 1_000;
const HISTORY_WINDOWS = 60;
/** the number of samples kept */
const RETENTION = 6_000;

/** The requests of one arm: all, bad ones, and those that a slow version answered. */
interface Served extends Counts {
  slow: number;
}

interface Sample {
  atMs: number;
  canary: Served;
  stable: Served;
}

/** poison: counters below 0, as after an overflow or a wrong recording rule */
export type Outage = 'none' | 'down' | 'empty' | 'poison';

/** One metric over one window; `calibrate`: also what stable did before. */
export interface Question {
  bound: BoundMetric;
  window: Window;
  calibrate: boolean;
  /** whether the query has a name to select by */
  named: boolean;
  /** it queries stable in place of the canary */
  probe: boolean;
}

/**
 * A simulated Prometheus: every second it counts the load that the route and the pods of that moment answer,
 * and fails requests at random by the true rates.
 */
export class Prometheus {
  outage: Outage = 'none';
  /**
   * percent of requests that go to the canary whatever the route says; undefined: the data plane follows the
   * route
   */
  stuckAt: number | undefined;
  /** the history has bursts of errors, so large that it calibrates nothing */
  restless = false;
  /** the number of measurements with data so far */
  answered = 0;
  readonly #world: World;
  readonly #random: () => number;
  readonly #samples: Sample[] = [];

  constructor(world: World, random: () => number) {
    this.#world = world;
    this.#random = random;
    this.#tick();
  }

  measure(question: Question): Measurement {
    const { window } = question;
    const metric = question.bound.key;
    if (this.outage === 'down') {
      return { metric, window, outcome: 'serverError', sentence: 'Prometheus answers 503' };
    }
    const { canary: served, stable } = this.#between(window);
    const canary = question.probe ? stable : served;
    // If stable gets no more requests, its counters stay the same, but they still exist.
    if (this.outage === 'empty' || !question.named || canary.total === 0) {
      return { metric, window, outcome: 'noData', sentence: 'no requests in the window' };
    }
    if (this.outage === 'poison') {
      const below = { total: -canary.total, bad: -1, slow: 0 };
      return this.#numbers({ ...question, calibrate: false }, below, below);
    }
    this.answered += 1;
    return this.#numbers(question, canary, stable);
  }

  /** The number of requests of each arm. */
  share(window: Window): Measurement {
    if (this.outage === 'down' || this.outage === 'empty')
      return { metric: SHARE, window, outcome: 'noData', sentence: 'nothing was counted' };
    const sign = this.outage === 'poison' ? -1 : 1;
    const { canary, stable } = this.#between(window);
    return {
      metric: SHARE,
      window,
      outcome: 'ok',
      kind: 'share',
      canary: sign * canary.total,
      stable: sign * stable.total,
    };
  }

  #numbers({ bound, window, calibrate }: Question, canary: Served, stable: Served): Measurement {
    const base = { metric: bound.key, window, outcome: 'ok' } as const;
    const random = generator(window.startMs);
    const { asks } = kindOfMetric(bound.metric);
    switch (asks.form) {
      case 'counts':
        return {
          ...base,
          kind: 'counts',
          canary: counts(canary),
          stable: counts(stable),
          ...(calibrate ? { history: { stable: this.#history(window) } } : {}),
        };
      case 'histograms': {
        const [mine, theirs] = [histogramOf(canary, random), histogramOf(stable, random)];
        const history = calibrate ? { history: historyOf(this.#before(window), random) } : {};
        return { ...base, kind: 'histograms', canary: mine, stable: theirs, ...history };
      }
      case 'numbers':
        return asks.of(bound.metric).stable === 'compared'
          ? { ...base, kind: 'numbers', canary: 1 + 0.1 * random(), stable: 1 + 0.1 * random() }
          : { ...base, kind: 'numbers', canary: random() };
    }
  }

  #between({ startMs, endMs }: Window): { canary: Served; stable: Served } {
    const inside = this.#samples.filter(({ atMs }) => atMs >= startMs && atMs < endMs);
    return {
      canary: sum(inside.map(({ canary }) => canary)),
      stable: sum(inside.map(({ stable }) => stable)),
    };
  }

  #history(window: Window): Counts[] {
    return this.#before(window).map((served, i) => {
      const { total, bad } = counts(served);
      return { total, bad: this.restless && i % 20 < 4 ? Math.ceil(total / 10) : bad };
    });
  }

  /** Stable in windows of the same length, oldest first. */
  #before({ startMs, endMs }: Window): Served[] {
    const ms = endMs - startMs;
    return Array.from({ length: HISTORY_WINDOWS }, (_, i) => {
      const beginMs = startMs - (HISTORY_WINDOWS - i) * ms;
      return this.#between({ startMs: beginMs, endMs: beginMs + ms }).stable;
    });
  }

  #tick(): void {
    const { clock } = this.#world;
    this.#samples.push({ atMs: clock.now(), ...this.#second() });
    if (this.#samples.length > RETENTION) this.#samples.shift();
    clock.after(SAMPLE_MS, () => this.#tick());
  }

  #second(): { canary: Served; stable: Served } {
    const { weight: routed, mirror, matching } = liveSplit(this.#world);
    const weight = this.stuckAt ?? routed;
    const matched = matching ? REQUESTS_PER_SECOND * MATCHING_SHARE : 0;
    const toCanary = Math.round(matched + ((REQUESTS_PER_SECOND - matched) * weight) / 100);
    const live = this.#serve(toCanary, 'web-canary', 'errorRate');
    const copies = Math.round((REQUESTS_PER_SECOND * mirror) / 100);
    return {
      canary: sum([live, this.#serve(copies, 'web-canary', 'copyErrorRate')]),
      stable: this.#serve(REQUESTS_PER_SECOND - toCanary, 'web', 'errorRate'),
    };
  }

  /** A Service without a ready pod fails every request. */
  #serve(requests: number, app: string, rate: 'errorRate' | 'copyErrorRate'): Served {
    const pods = readyPods(this.#world, app);
    if (requests === 0) return { total: 0, bad: 0, slow: 0 };
    if (pods.length === 0) return { total: requests, bad: requests, slow: 0 };
    let [bad, slow] = [0, 0];
    for (let i = 0; i < requests; i++) {
      const image = pods[Math.floor(this.#random() * pods.length)] ?? '';
      const version = VERSIONS.find((each) => image === `web:${each.name}`);
      if (this.#random() < (version?.[rate] ?? version?.errorRate ?? 0)) bad += 1;
      if (version?.slow === true) slow += 1;
    }
    return { total: requests, bad: Math.min(bad, requests), slow: Math.min(slow, requests) };
  }
}

function sum(all: readonly Served[]): Served {
  const add = (part: keyof Served) => all.reduce((total, each) => total + each[part], 0);
  return { total: add('total'), bad: add('bad'), slow: add('slow') };
}

function counts({ total, bad }: Served): Counts {
  return { total, bad };
}

/** Images of the ready pods behind a Service of the namespace whose selector is `app`. */
export function readyPods(world: World, app: string): string[] {
  return world.api.store
    .list('pods', NAMESPACE)
    .filter((pod) => (isCanaryPod(pod) ? 'web-canary' : pod.metadata.labels?.['app']) === app)
    .filter(isReady)
    .map((pod) => imageOf(pod));
}
