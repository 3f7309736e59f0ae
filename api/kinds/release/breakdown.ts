import type { Infer } from '../../../lib/schema/schema.ts';
import { choice, flag, integer, listOf, may, must, name, number, record, sentence, text } from './record.ts';

/** The rest is told by numbers. */
export const MOST_SHOWN = 10;

const amount = number({ minimum: 0 });

const VALUE = record({
  value: must(text(128), 'The value; empty: of the series without this label.'),
  explains: must(flag, 'It is worse than the harm margin allows, with controlled false discoveries.'),
  canaryRequests: must(amount, 'Requests of the canary of which canaryErrors are a part.'),
  canaryErrors: must(amount, 'Bad requests of the canary with this value.'),
  stableRequests: must(amount, 'The same of the stable version.'),
  stableErrors: must(amount, 'The same of the stable version.'),
  evidence: may(amount, 'Evidence of harm; absent: one version had no requests to compare.'),
});

export const BREAKDOWN = record({
  metric: must(name, 'Key of the metric.'),
  by: must(name, 'The label.'),
  sentence: must(sentence, 'What was found, or why nothing was.'),
  rateOf: may(
    choice(['Value', 'Version']),
    'Of which requests the bad ones are a part: of those with the same value; or of all of the version, where the label says how a request ended, like code. Absent: nothing was counted.',
  ),
  compared: must(integer('int32', 0), 'How many values were compared.'),
  values: must(
    listOf(VALUE, MOST_SHOWN),
    'Those with the most evidence of harm, first those that explain the failure.',
  ),
});
/** Which values of a label explain the failure of a metric. */
export type Breakdown = Infer<typeof BREAKDOWN>;
export type BreakdownValue = Infer<typeof VALUE>;
