import type {
  AnalysisTemplate,
  ErrorRateMetric,
  ErrorRateQueries,
  Margin,
  Metric,
  ThresholdMetric,
} from '../template.ts';
import { Fields, complain, type Read } from './fields.ts';
import { boolean, dnsLabel, number, oneOf, text } from './read.ts';

export const PRESETS = ['auto', 'gateway', 'nginx', 'istio'] as const;
export const DEFAULT_HARM_MARGIN: Margin = { absolute: 1e-4, relative: 0.1 };
export const DEFAULT_SAFE_MARGIN: Margin = { absolute: 1e-3, relative: 0.5 };
const DEFAULT_FAILURE_LIMIT = 0;
const DEFAULT_INCONCLUSIVE_LIMIT = 3;

const query = text(4096);
const expression = text(512);
const limit = number({ min: 0, max: 1000, integer: true });

/** What applies where no AnalysisTemplate of the name `http` exists. */
export function defaultTemplate(): AnalysisTemplate {
  return {
    args: [],
    intervalMs: 15_000,
    prometheus: 'default',
    risk: { harm: 0.05, safe: 0.1 },
    safeEvidence: 'perStep',
    metrics: [
      {
        type: 'errorRate',
        name: 'error-rate',
        critical: true,
        dryRun: false,
        weight: 1,
        test: { method: 'sequential' },
        preset: 'auto',
        harmMargin: DEFAULT_HARM_MARGIN,
        safeMargin: DEFAULT_SAFE_MARGIN,
      },
    ],
  };
}

interface Margins {
  harmMargin: Margin;
  safeMargin: Margin;
}

const readMargin =
  (base: Margin): Read<Margin> =>
  (value, place) => {
    const fields = Fields.open(value, place);
    if (fields === undefined) return undefined;
    const margin = {
      absolute: fields.withDefault('absolute', number({ min: 0, max: 1 }), base.absolute),
      relative: fields.withDefault('relative', number({ min: 0, max: 100 }), base.relative),
    };
    fields.end();
    return margin;
  };

/** The safe margin is never below the harm margin: between the two either decision is acceptable, outside neither. */
function safeDefault(harm: Margin): Margin {
  return {
    absolute: Math.max(DEFAULT_SAFE_MARGIN.absolute, harm.absolute),
    relative: Math.max(DEFAULT_SAFE_MARGIN.relative, harm.relative),
  };
}

const readMargins: Read<Margins> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  if (!fields.has('harm') && !fields.has('safe')) {
    const harm = readMargin(DEFAULT_HARM_MARGIN)(value, place);
    return harm && { harmMargin: harm, safeMargin: safeDefault(harm) };
  }
  const harmMargin = fields.withDefault('harm', readMargin(DEFAULT_HARM_MARGIN), DEFAULT_HARM_MARGIN);
  const base = safeDefault(harmMargin);
  const safeMargin = fields.withDefault('safe', readMargin(base), base);
  fields.end();
  for (const part of ['absolute', 'relative'] as const) {
    if (safeMargin[part] >= harmMargin[part]) continue;
    const remedy = `give a safe margin of at least ${harmMargin[part]}`;
    complain(fields.at('safe'), safeMargin[part], `has a smaller ${part} part than margin.harm`, remedy);
  }
  return { harmMargin, safeMargin };
};

type ErrorRateSource = Pick<ErrorRateMetric, 'preset' | 'queries'>;

const readQueries: Read<ErrorRateQueries> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const bad = fields.required('bad', query, 'give PromQL for the cumulative number of bad requests');
  const total = fields.required('total', query, 'give PromQL for the cumulative number of all requests');
  fields.end();
  return bad === undefined || total === undefined ? undefined : { bad, total };
};

/** One pair for both arms (rendered with each arm's variables), a pair per arm, or a preset; exactly one of them. */
const readErrorRate: Read<ErrorRateSource> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const preset = fields.has('preset');
  const perArm = fields.has('canary') || fields.has('stable');
  const shared = fields.has('bad') || fields.has('total');
  if (Number(preset) + Number(perArm) + Number(shared) > 1) {
    return complain(
      place,
      value,
      'mixes several ways to count requests',
      'give only preset, or only queries',
    );
  }
  if (shared) {
    const queries = readQueries(value, place);
    return queries && { queries: { canary: queries, stable: { ...queries } } };
  }
  if (!perArm) {
    const name = fields.withDefault('preset', oneOf(PRESETS), 'auto');
    fields.end();
    return { preset: name };
  }
  const canary = fields.required('canary', readQueries, 'give bad and total for the canary');
  const stable = fields.required('stable', readQueries, 'give bad and total for the stable version');
  fields.end();
  return canary && stable && { queries: { canary, stable } };
};

type ThresholdSource = Pick<ThresholdMetric, 'query' | 'stableQuery' | 'success' | 'failure'>;

const readThreshold: Read<ThresholdSource> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const read = fields.required('query', query, 'give PromQL that returns one number');
  const stableQuery = fields.optional('stableQuery', query);
  const success = fields.optional('success', expression);
  const failure = fields.optional('failure', expression);
  fields.end();
  if (!fields.has('success') && !fields.has('failure')) {
    fields.missing('success', 'give an expression over value, canary and stable, like "value < 0.5"');
  }
  if (read === undefined) return undefined;
  return {
    query: read,
    ...(stableQuery === undefined ? {} : { stableQuery }),
    ...(success === undefined ? {} : { success }),
    ...(failure === undefined ? {} : { failure }),
  };
};

const KINDS = ['errorRate', 'threshold'] as const;
const LATER = ['latency', 'series'] as const;

/** One item of `spec.metrics`. */
export const readMetric: Read<Metric> = (value, place) => {
  const fields = Fields.open(value, place);
  if (fields === undefined) return undefined;
  const name = fields.required('name', dnsLabel, 'give the metric a name');
  const critical = fields.withDefault('critical', boolean, true);
  const dryRun = fields.withDefault('dryRun', boolean, false);
  const kinds = [...KINDS, ...LATER].filter((kind) => fields.has(kind));
  if (kinds.length > 1) complain(place, kinds, 'measures several things', 'split it into one metric each');
  if (kinds.length === 0) fields.missing('errorRate', 'give one of errorRate, threshold');
  const base = { name: name ?? '', critical, dryRun };
  const metric = kinds[0] === 'threshold' ? threshold(fields, base) : errorRate(fields, base);
  fields.notYet(...LATER, 'direction');
  fields.end();
  return name === undefined ? undefined : metric;
};

type Base = Pick<Metric, 'name' | 'critical' | 'dryRun'>;

function errorRate(fields: Fields, base: Base): Metric | undefined {
  const source = fields.optional('errorRate', readErrorRate);
  const margins = fields.withDefault('margin', readMargins, {
    harmMargin: DEFAULT_HARM_MARGIN,
    safeMargin: DEFAULT_SAFE_MARGIN,
  });
  return (
    source && { type: 'errorRate', ...base, weight: 1, ...source, ...margins, test: { method: 'sequential' } }
  );
}

function threshold(fields: Fields, base: Base): Metric | undefined {
  const source = fields.optional('threshold', readThreshold);
  const failureLimit = fields.withDefault('failureLimit', limit, DEFAULT_FAILURE_LIMIT);
  const inconclusiveLimit = fields.withDefault('inconclusiveLimit', limit, DEFAULT_INCONCLUSIVE_LIMIT);
  const nan = fields.withDefault('nan', oneOf(['inconclusive', 'zero', 'fail']), 'inconclusive');
  return (
    source && {
      type: 'threshold',
      ...base,
      ...source,
      failureLimit,
      counting: 'consecutive',
      inconclusiveLimit,
      nan,
    }
  );
}
