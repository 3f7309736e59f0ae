import { object, optional, required } from '../../../lib/schema/object.ts';
import { metricLabel } from '../../../lib/schema/scalars.ts';

const BREAKDOWN = object({
  by: required(metricLabel, {
    doc: 'A label of the counters: route, method, code.',
    remedy: 'name a label that the counters have, like route',
  }),
});

/** The field `breakdown` of a metric. */
export const breakdown = optional(
  BREAKDOWN,
  'After a failure: counts both versions for each value of a label, and names the values that explain the failure.',
);
