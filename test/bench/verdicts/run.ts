import { speedSeries } from './cost.ts';
import type { Summaries } from './estimate.ts';
import { summarize } from './estimate.ts';
import type { Series } from './group.ts';
import { GROUPS } from './groups.ts';
import type { Done } from './pool.ts';
import { jobsOf, workOff } from './pool.ts';

/** The whole simulation: all groups on all cores, then the speed with nothing else running. */

export interface Size {
  /** runs of each group */
  runs: number;
  /** only groups whose name matches; the cost has the name "cost"; absent: all */
  only?: RegExp;
}

export interface Progress {
  done: number;
  total: number;
  seconds: number;
}

export interface Simulated {
  series: Summaries;
  /** seconds on one core, by group */
  spent: Record<string, number>;
}

const PART = 20;
/** with less the compiler does not warm up */
const LEAST_COST = 0.25;

export async function simulate(
  { runs, only }: Size,
  report: (progress: Progress) => void,
): Promise<Simulated> {
  const groups = GROUPS.filter(({ id }) => only?.test(id) ?? true).map(({ id, share = 1 }) => ({
    id,
    runs: Math.max(2, Math.round(runs * share)),
  }));
  const runsOfAll = total(groups.map((group) => group.runs));
  const start = performance.now();
  const parts = new Map<string, Done[]>();
  let done = 0;
  await workOff(jobsOf(groups, Math.min(PART, Math.ceil(runs / 8))), (part) => {
    parts.set(part.job.group, [...(parts.get(part.job.group) ?? []), part]);
    done += part.job.to - part.job.from;
    report({ done, total: runsOfAll, seconds: (performance.now() - start) / 1000 });
  });
  const series = Object.fromEntries(
    [...parts].flatMap(([group, list]) => Object.entries(joined(group, list))),
  );
  const cost =
    (only?.test('cost') ?? true) ? speedSeries(Math.min(1, Math.max(LEAST_COST, runs / 1000))) : {};
  const spent = [...parts].map(
    ([group, list]) => [group, total(list.map(({ seconds }) => seconds))] as const,
  );
  return { series: summaries({ ...series, ...cost }), spent: Object.fromEntries(spent) };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Readings in the order of their seeds, so that a result does not depend on the speed of the threads. */
function joined(group: string, parts: Done[]): Series {
  const all: Series = {};
  for (const { series } of parts.sort((a, b) => a.job.from - b.job.from)) {
    for (const [name, readings] of Object.entries(series)) (all[`${group}/${name}`] ??= []).push(...readings);
  }
  return all;
}

function summaries(series: Series): Summaries {
  return Object.fromEntries(Object.entries(series).map(([name, readings]) => [name, summarize(readings)]));
}
