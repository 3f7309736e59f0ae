import type { Series } from '../../analysis/measure/prometheus/answer.ts';
import type { Answer, PrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { labelled, series } from './measure-objects.ts';

export type Told = Readonly<Record<string, (string | Series)[] | Answer>>;

/** Under this range a test tells the samples of a selector; shorter ranges get the later ones of them. */
const WHOLE = '[315s]';

/** A Prometheus that knows the answers to these queries, alone or joined, and records the queries that it gets. */
export function prometheus(told: Told): PrometheusClient & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    instant(promql, timeMs) {
      asked.push(`${promql} @ ${timeMs}`);
      return Promise.resolve(answerTo(promql, timeMs, told));
    },
    close: () => undefined,
  };
}

/** What it answers to one query. */
export function answerTo(promql: string, timeMs: number, told: Told): Answer {
  if (Object.hasOwn(told, promql)) return known(told[promql]);
  const [, selector, seconds] = /^(.*)\[(\d+)s\]$/s.exec(promql) ?? [];
  if (selector === undefined) return known([]);
  const sinceMs = timeMs - Number(seconds) * 1000;
  const whole = told[`${selector}${WHOLE}`];
  return since(whole === undefined ? coveredBy(selector, told) : known(whole), sinceMs);
}

function known(answer: Told[string] = []): Answer {
  if (!Array.isArray(answer)) return answer;
  return { ok: true, series: answer.map((one) => (typeof one === 'string' ? series(one) : one)) };
}

const MATCHER = /([\w.]+)(=~|!~|!=|=)"((?:[^"\\]|\\.)*)"/g;

/** The series of every told selector whose own labels match, with those labels. */
function coveredBy(selector: string, told: Told): Answer {
  const named = /^\w+/.exec(selector)?.[0];
  const name = named === undefined ? '' : `__name__="${named}",`;
  const tests = [...`${name}${selector}`.matchAll(MATCHER)];
  const all: Series[] = [];
  for (const [query, answer] of Object.entries(told)) {
    if (!query.endsWith(WHOLE)) continue;
    const labels = labelsIn(query);
    if (!tests.every(([, label = '', op = '', value = '']) => holds(labels[label] ?? '', op, value)))
      continue;
    const found = known(answer);
    if (!found.ok) return found;
    all.push(...found.series.map((one) => labelled(one, labels)));
  }
  return { ok: true, series: all };
}

function labelsIn(query: string): Record<string, string> {
  const name = /^\w+/.exec(query)?.[0];
  const named = name === undefined ? {} : { __name__: name };
  const equal = [...query.matchAll(MATCHER)].filter(([, , op]) => op === '=');
  return { ...named, ...Object.fromEntries(equal.map(([, label = '', , value = '']) => [label, value])) };
}

function holds(actual: string, op: string, written: string): boolean {
  const value = JSON.parse(`"${written}"`) as string;
  const equal = op.endsWith('~') ? new RegExp(`^(?:${value})$`, 's').test(actual) : actual === value;
  return equal === !op.startsWith('!');
}

function since(answer: Answer, sinceMs: number): Answer {
  if (!answer.ok) return answer;
  const later = ({ timeMs }: { timeMs: number }): boolean => timeMs > sinceMs;
  const all = answer.series.map(({ samples, histograms, ...rest }) => ({
    ...rest,
    samples: samples.filter(later),
    ...(histograms === undefined ? {} : { histograms: histograms.filter(later) }),
  }));
  const some = all.filter(({ samples, histograms = [] }) => samples.length + histograms.length > 0);
  return { ...answer, series: answer.range === true ? all : some };
}
