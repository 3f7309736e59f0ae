import type { JsonObject } from '../../../lib/json.ts';
import type { Result } from '../../../lib/result.ts';
import { complain, kindOf, parseWith } from '../../../lib/schema/fields.ts';
import { dependent, fallback, object, optional, required } from '../../../lib/schema/object.ts';
import { refuseDuplicates } from '../../../lib/schema/read.ts';
import {
  argumentName,
  dnsLabel,
  duration,
  list,
  listBy,
  number,
  oneOf,
} from '../../../lib/schema/scalars.ts';
import type { Infer, Schema } from '../../../lib/schema/schema.ts';
import { metric } from './metric.ts';
import { sourceField } from './source.ts';
import { checkScoring, SCORING } from './scoring.ts';

const MAX_ARG_TEXT = 1024;
const DEFAULT_INTERVAL_MS = 15_000;

/** Text that may be empty. */
const argumentValue: Schema<string> = {
  read: (value, place) =>
    typeof value === 'string' && value.length <= MAX_ARG_TEXT
      ? value
      : complain(
          place,
          value,
          `is ${kindOf(value)}`,
          `give text of at most ${MAX_ARG_TEXT} characters, in quotes`,
        ),
  write: (value) => value,
  shape: { type: 'string', maxLength: MAX_ARG_TEXT },
  type: 'text',
};

const ARGUMENT = object({
  name: required(argumentName, { doc: 'Name of the argument.', remedy: 'give the argument a name' }),
  value: optional(
    argumentValue,
    'Its value where a policy gives none; without it every policy has to give one.',
  ),
});

const probability = number({ min: 1e-6, max: 0.5 });
const HARM = 0.05;
const SAFE = 0.1;

const RISK = object({
  harm: fallback(
    probability,
    HARM,
    'Probability of rolling back an acceptable canary, over the whole release.',
  ),
  safe: fallback(probability, SAFE, 'Probability of passing a harmful canary, at each step.'),
});

/** The shortest window that every reader of a template accepts. */
const SHORTEST_MS = 1_000;

/** What is measured and how it is judged; `floorMs` is the shortest interval that the program that measures accepts. */
const templateOf = (floorMs: number) =>
  dependent(
    {
      args: fallback(list(ARGUMENT, 20), [], 'Arguments that a policy may give.', { shown: 'none' }),
      interval: fallback(
        duration(floorMs, 3_600_000),
        DEFAULT_INTERVAL_MS,
        'Time between two measurements, and the length of one window.',
      ),
      prometheus: fallback(
        dnsLabel,
        'default',
        "Name of a Prometheus end point in the controller's configuration.",
      ),
      source: sourceField,
      risk: fallback(RISK, { harm: HARM, safe: SAFE }, 'How often a verdict may be wrong.', {
        shown: '',
      }),
      safeEvidence: fallback(
        oneOf(['perStep', 'cumulative']),
        'perStep',
        'Evidence of safety begins again in each step (step), or is kept through all of them (cumulative): for quiet services, what was seen at 5% then counts at 50%.',
      ),
      scoring: optional(
        SCORING,
        "Judges the series metrics together, by Kayenta's score. Without it each is judged by itself.",
        {
          rules: [
            {
              rule: '!has(self.scoring) || self.metrics.exists(m, has(m.series))',
              message: 'there is nothing to score; add a series metric, or remove scoring',
            },
          ],
        },
      ),
    },
    ({ intervalMs = DEFAULT_INTERVAL_MS }) => ({
      metrics: required(listBy('name', list(metric(intervalMs), 20, 1)), {
        doc: 'What is measured, each of one kind.',
        remedy: 'give at least one metric',
      }),
    }),
    {
      check: ({ args, metrics, scoring, source, prometheus }, fields) => {
        if (source !== undefined && prometheus !== 'default')
          complain(
            fields.at('source'),
            source,
            'stands beside prometheus',
            'give only one of source, prometheus',
          );
        const names = (items: readonly { name: string }[]) => items.map((item) => item.name);
        refuseDuplicates(names(args), fields.at('args'));
        refuseDuplicates(names(metrics), fields.at('metrics'));
        if (scoring !== undefined) checkScoring(scoring, metrics, fields.at('scoring'));
      },
    },
  );

export const ANALYSIS_TEMPLATE = templateOf(SHORTEST_MS);
export type AnalysisTemplate = Infer<typeof ANALYSIS_TEMPLATE>;

/**
 * The `spec` of an AnalysisTemplate, with defaults filled in; every wrong or unknown field is an issue.
 *
 * @param floorMs the shortest interval that the program that measures accepts
 */
export function parseTemplate(spec: unknown, path = 'spec', floorMs = SHORTEST_MS): Result<AnalysisTemplate> {
  const schema = floorMs > SHORTEST_MS ? templateOf(floorMs) : ANALYSIS_TEMPLATE;
  return parseWith(spec, path, schema.read);
}

/** The template that applies where no AnalysisTemplate of the name `http` exists. */
export function defaultTemplate(): AnalysisTemplate {
  const parsed = parseTemplate({ metrics: [{ name: 'error-rate', errorRate: {} }] });
  if (!parsed.ok) throw new Error('the built-in template is wrong');
  return parsed.value;
}

/** The wire form with every field written out. */
export const serializeTemplate = (template: AnalysisTemplate): JsonObject =>
  ANALYSIS_TEMPLATE.write(template);
