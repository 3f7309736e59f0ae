import type { Form, Measurement } from '../../api/analysis.ts';
import type { ErrorRateQueries, LatencyQueries } from '../../api/kinds/template/preset.ts';
import type { Arm } from '../../api/query.ts';
import type { Issue } from '../../lib/result.ts';
import type { Job } from './job.ts';

/** What a source can be asked for; `share`: how many requests each arm got; `byLabel`: counts by a label. */
export type Asked = Form | 'share' | 'byLabel';

/**
 * A kind of place where numbers come from: one object per folder, listed in list.ts. What it says about itself is pure
 * and cheap to load; `open` loads the code that asks. docs/extending/metric-source.md
 */
export interface Source {
  /** what templates and flags call it: `source: <name>/<end point>` */
  readonly name: string;
  /** what it is called in sentences */
  readonly title: string;
  readonly serves: readonly Asked[];
  /** presets of the back ends are written in its language */
  readonly presets: boolean;
  /** what is wrong with a query, where, and what to do, as far as that can be seen before it is asked */
  check(query: QueryText): Omit<Issue, 'path'> | undefined;
  /** for display: the query with the values that are known; the other variables stay as they are written */
  shown(text: string, variables: Readonly<Record<string, string>>): string;
  /** the end point at this base URL; nothing is asked yet */
  open(url: string): Promise<Endpoint>;
}

/** A query as a template has it. */
export interface QueryText {
  text: string;
  /** number: one present value; counter: a cumulative count; histogram: a cumulative histogram of durations */
  use: 'number' | 'counter' | 'histogram';
  /** arguments that the template declares */
  args: readonly string[];
  /** it may only read what belongs to one namespace */
  fenced: boolean;
}

export interface Endpoint {
  /** One round of questions for a namespace: namespaces take turns, and a question of several metrics is asked only once. */
  session(namespace: string, heard?: Heard): Session;
  /** closes idle connections */
  close(): void;
}

/** What a user at a terminal is told beside the measurements; never for status or logs. */
export interface Heard {
  /** something to check, although it can be measured */
  note(sentence: string): void;
  /** the source refused the query, in these words */
  refused(query: string, said: string): void;
}

export interface NumberQuery {
  arm: Arm;
  text: string;
  /** what to do with a value that is not a number */
  nan: 'zero' | 'refuse';
}

export type Arms<T> = Record<Arm, T>;

/**
 * If anything goes wrong the measurement has no numbers; nothing is thrown, and missing data never pass. Every source has
 * to keep the same promises: test/conformance/sources.test.ts
 */
export interface Session {
  /** one number at the end of the window; infinity as the largest number */
  number(job: Job, query: NumberQuery): Promise<number | Measurement>;
  /** how much two cumulative counts per arm rose within the window */
  counts?(job: Job, queries: Arms<ErrorRateQueries>): Promise<Measurement>;
  histograms?(job: Job, queries: Arms<LatencyQueries>): Promise<Measurement>;
  share?(job: Job, queries: Arms<string>): Promise<Measurement>;
  /** how much the counts rose for each value of a label, tick by tick; series without the label have an empty value */
  byLabel?(job: Job, question: ByLabel): Promise<Measurement>;
}

export interface ByLabel {
  queries: Arms<ErrorRateQueries>;
  /** the label */
  by: string;
  /** the window of the job is a multiple of it */
  tickMs: number;
}
