import type { Counts, LabelledCounts, Measurement } from '../../../api/analysis.ts';
import { renderQuery } from '../../../api/query.ts';
import { isSelector } from '../../promql/selector.ts';
import { bad, failed, type Job } from '../job.ts';
import type { ByLabel } from '../source.ts';
import type { Series } from './answer.ts';
import { ARMS } from './arms.ts';
import type { Failure, PrometheusClient } from './client.ts';
import { increments } from './deltas.ts';
import { FallenSums } from './fallen.ts';
import { eachPiece, tickOf, type Piece, type Ticks } from './lookback.ts';

/** More values are paths or names of users rather than routes, and none of them would stand out. */
export const MOST_VALUES = 200;
/** The size of the answer is not known before; eachPiece asks for less if this was too little. */
const USUAL_BYTES_PER_MS = 1;

const PARTS = ['bad', 'total'] as const;

/** One query, and how it is counted. */
interface Asked {
  arm: (typeof ARMS)[number];
  part: (typeof PARTS)[number];
  query: string;
  raw: boolean;
}

/** Counts of both arms for each value of a label, tick by tick, as `measureErrorRate` counts them in one window. */
export async function countByLabel(
  job: Job,
  { queries, by, tickMs }: ByLabel,
  client: PrometheusClient,
): Promise<Measurement> {
  const asked: Asked[] = [];
  for (const arm of ARMS) {
    for (const part of PARTS) {
      const rendered = renderQuery(queries[job.arms[arm]][part], job.variables[arm]);
      if (!rendered.ok) {
        const outcome = rendered.problem === 'empty' ? 'noData' : 'badQuery';
        return bad(job, outcome, `${arm} ${part}: ${rendered.sentence}`);
      }
      asked.push({ arm, part, query: rendered.query, raw: isSelector(rendered.query) });
    }
  }
  const { startMs, endMs } = job.window;
  const ticks = { startMs, tickMs, count: Math.round((endMs - startMs) / tickMs) };
  const cells = new Cells(by, ticks);
  const watched = remembering(client);
  const whole = await eachPiece(
    asked.map(({ query }) => query),
    { client: watched, ticks, bytesPerMs: USUAL_BYTES_PER_MS },
    (piece) => cells.add(asked, piece),
  );
  if (cells.values.size > MOST_VALUES) {
    const sentence = `label ${by} has more than ${MOST_VALUES} values, too many to compare; break down by one with fewer`;
    return bad(job, 'badQuery', sentence);
  }
  if (!whole) return failed(job, watched.failure() ?? TOO_MUCH);
  const labelled = cells.labelled.bad ?? cells.labelled.total;
  if (labelled === undefined) return bad(job, 'noData', 'Prometheus knows no requests of either version');
  if (!labelled) {
    const sentence = `no series of bad requests has the label ${by}; name a label of the counters, and keep it in the queries: sum by (${by}) (…)`;
    return bad(job, 'badQuery', sentence);
  }
  const values = cells.certain();
  if (values === undefined) {
    const sentence =
      'the sums fell and rose again, which may be old requests coming back; ask for the counters themselves, without sum(…)';
    return bad(job, 'noData', sentence);
  }
  if (!values.every(({ canary, stable }) => [...canary, ...stable].every(isPossible)))
    return bad(job, 'nan', `the counts by ${by} are not numbers of requests`);
  return { metric: job.key, window: job.window, outcome: 'ok', kind: 'byLabel', tickMs, values };
}

const TOO_MUCH = {
  outcome: 'serverError',
  sentence: 'Prometheus has more samples of these series than can be read',
} as const;

const isPossible = ({ total, bad: errors }: Counts): boolean =>
  Number.isFinite(total) && Number.isFinite(errors) && total >= 0 && errors >= 0;

/** Counts by value of the label. */
class Cells {
  readonly values = new Map<string, LabelledCounts>();
  /** whether a series has the label; undefined: there is no series */
  readonly labelled: { bad?: boolean; total?: boolean } = {};
  readonly #by: string;
  readonly #ticks: Ticks;
  readonly #fallen: FallenSums;

  constructor(by: string, ticks: Ticks) {
    this.#by = by;
    this.#ticks = ticks;
    this.#fallen = new FallenSums(ticks);
  }

  /** False: there are too many values. */
  add(asked: readonly Asked[], piece: Piece): boolean {
    for (const [i, question] of asked.entries())
      for (const series of piece.answers[i] ?? []) this.#count(series, question, piece);
    return this.values.size <= MOST_VALUES;
  }

  /**
   * The counts without the ticks in which old requests may have come back: the verdict does not count these either.
   * Undefined: nothing else is left.
   */
  certain(): LabelledCounts[] | undefined {
    const { ticks } = this.#fallen;
    const certain = (counts: Counts[]): Counts[] =>
      counts.map((each, i) => (ticks.has(i) ? { total: 0, bad: 0 } : each));
    const values = [...this.values.values()].map(({ value, canary, stable }) => ({
      value,
      canary: certain(canary),
      stable: certain(stable),
    }));
    const left = values.some(({ canary, stable }) => [...canary, ...stable].some(({ total }) => total > 0));
    return ticks.size > 0 && !left ? undefined : values;
  }

  #count(series: Series, { arm, part, query, raw }: Asked, { window, seen }: Piece): void {
    const value = series.labels[this.#by] ?? '';
    this.labelled[part] = this.labelled[part] === true || value !== '';
    if (!raw) this.#fallen.add(`${arm} ${query}`, series);
    const rises = increments(series, { window, seen, raw });
    if (rises.length === 0) return;
    const own = this.values.get(value) ?? { value, canary: this.#zeros(), stable: this.#zeros() };
    this.values.set(value, own);
    for (const { timeMs, by } of rises) {
      const cell = own[arm][tickOf(timeMs, this.#ticks)];
      if (cell !== undefined) cell[part] += by;
    }
  }

  #zeros(): Counts[] {
    return Array.from({ length: this.#ticks.count }, () => ({ total: 0, bad: 0 }));
  }
}

/** The client, and why it last had no answer, except that an answer was too large. */
function remembering(client: PrometheusClient): PrometheusClient & { failure(): Failure | undefined } {
  let last: Failure | undefined;
  return {
    instant: async (promql, timeMs, options) => {
      const answer = await client.instant(promql, timeMs, options);
      if (!answer.ok && answer.tooLarge !== true) last = answer;
      return answer;
    },
    close: () => undefined,
    failure: () => last,
  };
}
