import { converted, type Infer, type Schema } from '../../../lib/schema/schema.ts';
import { reasonOf, type Reason } from '../../reasons.ts';
import { METRIC_KINDS } from '../template/metric.ts';
import {
  VERSION,
  choice,
  flag,
  integer,
  listOf,
  mapOf,
  may,
  must,
  name,
  number,
  numbers,
  rawMap,
  record,
  sentence,
  text,
} from './record.ts';

const RESULTS = ['pass', 'fail', 'inconclusive'] as const;
export type VerdictResult = (typeof RESULTS)[number];

/** A constant of api/reasons.ts. A record is kept even if a later version gave it a reason that this one does not know. */
export const reasonIn = (form: Schema<string>): Schema<Reason> =>
  converted(form, { read: reasonOf, write: (reason) => reason });
export const reason = reasonIn(text(128));

const CONCLUSION = {
  result: must(choice(RESULTS), 'What is concluded.'),
  reason: must(reason, 'Its reason, one word.'),
  sentence: must(sentence, 'The same for people.'),
  numbers: must(numbers(), 'The numbers behind it.'),
  tolerable: may(
    flag,
    'Of an inconclusive verdict: nothing speaks for harm, every deciding metric has data, and what was seen lies inside the safe margins; what onInconclusive promote asks for. Absent: no.',
  ),
};

/** A conclusion with the numbers behind it. */
export const VERDICT = record(CONCLUSION);
export type Verdict = Infer<typeof VERDICT>;

const METRIC_VERDICT = record({
  ...CONCLUSION,
  metric: must(name, 'Key of the metric.'),
  critical: must(flag, 'As in its template.'),
  dryRun: must(flag, 'As in its template.'),
});
export type MetricVerdict = Infer<typeof METRIC_VERDICT>;

/**
 * Sufficient statistics of one metric. `version` (now 1) changes with the layout; `data` belongs to analysis/judge and
 * is plain JSON that survives a restart byte for byte.
 */
const METRIC_STATE = record({
  version: must(integer('int32'), 'Of the layout of data.'),
  type: must({ ...choice(METRIC_KINDS), shape: { type: 'string', maxLength: 63 } }, 'Kind of the metric.'),
  data: must(rawMap, 'Its running statistics.'),
  unread: may(
    rawMap,
    'Stored statistics that could not be read, unchanged; nothing passes until a human has resumed the release.',
  ),
});
export type MetricState = Infer<typeof METRIC_STATE>;

export const ANALYSIS_STATE = record({
  version: must(VERSION, 'Of this layout.'),
  step: must(integer('int32'), 'Index of the step the per-step statistics belong to.'),
  measuredUntilMs: may(
    number(),
    'End of the last window judged in this release, in milliseconds since 1970; absent before the first.',
  ),
  dataUntilMs: may(
    number(),
    'End of the last of them in which every metric that may stop the release had data, or the canary got no requests.',
  ),
  gaps: must(integer('int32', 0), 'Consecutive windows without usable data, over all metrics.'),
  metrics: must(mapOf(METRIC_STATE), 'By key of the metric.'),
  verdicts: must(listOf(METRIC_VERDICT, 200), 'The newest verdict on each metric.'),
});
export type AnalysisState = Infer<typeof ANALYSIS_STATE>;
