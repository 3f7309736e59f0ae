import { coverings } from '../../promql/cover.ts';
import { matching } from '../../promql/match.ts';
import { testsOf, type LabelTest } from '../../promql/matchers.ts';
import { parseQuery, partsOf } from '../../promql/parse.ts';
import type { Answer, Failure, PrometheusClient } from './client.ts';

/** The samples of a selector over a range. */
interface Samples {
  tests: readonly LabelTest[];
  /** are these the labels of a series that it selects? */
  selects: (labels: Readonly<Record<string, string>>) => boolean;
  /** "[45s]" */
  range: string;
}

interface Question extends Samples {
  promql: string;
  timeMs: number;
  answer: (answer: Answer) => void;
}

/**
 * A client that collects what is asked until nothing else runs, and then asks for the samples of several selectors by
 * one that covers exactly these. Each question gets the answer that it would get alone; what is no selector is asked as it
 * is. If a joint query cannot be answered because of what it asks, each question is asked alone: one does not keep others
 * from their answers, and the failure is that of the right one.
 */
export function joinedClient(client: PrometheusClient): PrometheusClient {
  let waiting: Question[] = [];
  const flush = (): void => {
    const groups = Map.groupBy(waiting, ({ timeMs, range }) => `${timeMs} ${range}`);
    waiting = [];
    for (const group of groups.values()) {
      for (const { text, of } of coverings(group.map(({ tests }) => tests))) {
        void askTogether(
          of.flatMap((place) => group[place] ?? []),
          text,
          client,
        );
      }
    }
  };
  return {
    instant(promql, timeMs, options) {
      const samples = options?.bulk === true ? undefined : samplesIn(promql);
      if (samples === undefined) return client.instant(promql, timeMs, options);
      return new Promise((answer) => {
        if (waiting.length === 0) setImmediate(flush);
        waiting.push({ promql, timeMs, ...samples, answer });
      });
    },
    close: () => {
      client.close();
    },
  };
}

async function askTogether(
  questions: readonly Question[],
  selector: string,
  client: PrometheusClient,
): Promise<void> {
  const [first, ...others] = questions;
  if (first === undefined) return;
  const { timeMs, range } = first;
  const whole = others.length === 0 ? undefined : await client.instant(`${selector}${range}`, timeMs);
  if (whole === undefined || (!whole.ok && isOfTheQuery(whole))) {
    for (const { promql, answer } of questions) void client.instant(promql, timeMs).then(answer);
    return;
  }
  for (const { selects, answer } of questions) {
    answer(whole.ok ? { ...whole, series: whole.series.filter(({ labels }) => selects(labels)) } : whole);
  }
}

/** May a part of the query be answered? Otherwise Prometheus itself has a problem. */
const isOfTheQuery = ({ outcome, tooLarge, unasked }: Failure): boolean =>
  unasked !== true && (outcome === 'badQuery' || outcome === 'timeout' || tooLarge === true);

/** undefined: the query is something else, or its meaning is not certain. */
function samplesIn(promql: string): Samples | undefined {
  const parsed = parseQuery(promql);
  if (!parsed.ok || parsed.query.comments.length > 0) return undefined;
  const { root } = parsed.query;
  const [selector] = partsOf(root);
  if (root.name !== 'MatrixSelector' || selector?.name !== 'VectorSelector') return undefined;
  const tests = testsOf(selector, promql);
  const selects = tests && matching(tests);
  return tests && selects && { tests, selects, range: promql.slice(selector.to, root.to) };
}
