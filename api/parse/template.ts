import type { Result } from '../../lib/result.ts';
import type { AnalysisTemplate } from '../template.ts';
import { Fields, parseWith, type Read } from '../../lib/schema/fields.ts';
import { defaultTemplate, readMetric } from './metric.ts';
import { argumentName, dnsLabel } from '../../lib/schema/scalars.ts';
import { duration, list, number, oneOf, refuseDuplicates } from '../../lib/schema/read.ts';
import { checkScoring, readScoring } from './scoring.ts';
import { complain, kindOf } from '../../lib/schema/fields.ts';

type Argument = AnalysisTemplate['args'][number];
type Risk = AnalysisTemplate['risk'];

export const MAX_METRICS = 20;
const MAX_ARGS = 20;
const MAX_ARG_TEXT = 1024;

const argumentValue: Read<string> = (value, place) =>
  typeof value === 'string' && value.length <= MAX_ARG_TEXT
    ? value
    : complain(
        place,
        value,
        `is ${kindOf(value)}`,
        `give text of at most ${MAX_ARG_TEXT} characters, in quotes`,
      );

const readArgument: Read<Argument> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const name = fields.required('name', argumentName.read, 'give the argument a name');
  const text = fields.optional('value', argumentValue);
  fields.end();
  return name === undefined ? undefined : { name, ...(text === undefined ? {} : { value: text }) };
};

const readRisk: Read<Risk> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const base = defaultTemplate().risk;
  const probability = number({ min: 1e-6, max: 0.5 });
  const risk = {
    harm: fields.withDefault('harm', probability, base.harm),
    safe: fields.withDefault('safe', probability, base.safe),
  };
  fields.end();
  return risk;
};

/** What a window may not be shorter than, whoever reads the template. */
const SHORTEST_MS = 1_000;

const readTemplate =
  (floorMs: number): Read<AnalysisTemplate> =>
  (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const base = defaultTemplate();
    const args = fields.withDefault('args', list(readArgument, MAX_ARGS), base.args);
    const intervalMs = fields.withDefault('interval', duration(floorMs, 3_600_000), base.intervalMs);
    const prometheus = fields.withDefault('prometheus', dnsLabel.read, base.prometheus);
    const risk = fields.withDefault('risk', readRisk, base.risk);
    const safeEvidence = fields.withDefault(
      'safeEvidence',
      oneOf(['perStep', 'cumulative']),
      base.safeEvidence,
    );
    const scoring = fields.optional('scoring', readScoring);
    const metric = readMetric(intervalMs);
    const metrics = fields.required('metrics', list(metric, MAX_METRICS, 1), 'give at least one metric');
    fields.end();
    const names = (items: readonly { name: string }[]) => items.map((item) => item.name);
    refuseDuplicates(names(args), fields.at('args'));
    refuseDuplicates(names(metrics ?? []), fields.at('metrics'));
    if (metrics === undefined) return undefined;
    if (scoring !== undefined) checkScoring(scoring, metrics, fields.at('scoring'));
    return {
      args,
      intervalMs,
      prometheus,
      risk,
      safeEvidence,
      ...(scoring === undefined ? {} : { scoring }),
      metrics,
    };
  };

/**
 * The `spec` of an AnalysisTemplate, with defaults filled in; every wrong or unknown field is an issue.
 *
 * @param floorMs the shortest interval that whoever will measure takes
 */
export function parseTemplate(spec: unknown, path = 'spec', floorMs = SHORTEST_MS): Result<AnalysisTemplate> {
  return parseWith(spec, path, readTemplate(Math.max(SHORTEST_MS, floorMs)));
}
