import { readFileSync, readdirSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { checkTemplate } from '../../analysis/measure/check.ts';
import { asObject, get, getArray, getObject, getObjects, getString, isObject } from '../../lib/json.ts';
import type { Json, JsonObject } from '../../lib/json.ts';
import { METRIC_KINDS } from '../../api/kinds/template/metric.ts';
import { parsePolicy } from '../../api/kinds/policy/policy.ts';
import { parseRelease } from '../../api/kinds/release/release.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { serializeTemplate } from '../../api/kinds/template/template.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import { RESOURCES } from '../../api/resources.ts';
import { formatIssue, type Result } from '../../lib/result.ts';
import { policies, templates } from '../support/arbitraries.ts';
import { aRelease, aStatus, STARTED } from '../support/release.ts';

const root = new URL('../../manifests/', import.meta.url);
const load = (path: string) => parseYaml(readFileSync(new URL(path, root), 'utf8')) as JsonObject;
const files = (folder: string) => readdirSync(new URL(folder, root)).filter((name) => name.endsWith('.yaml'));

const crds = files('crds/').map((name) => load(`crds/${name}`));
const schemaOf = (kind: string) => {
  const crd = crds.find((item) => getString(item, 'spec', 'names', 'kind') === kind);
  const schema = getObject(crd, 'spec', 'versions', 0, 'schema', 'openAPIV3Schema');
  if (schema === undefined) throw new Error(`no schema of ${kind}`);
  return schema;
};

/** Like an API server with fieldValidation=Strict: an unknown field is an error. */
function strict(schema: Json | undefined): Json {
  if (Array.isArray(schema)) return schema.map(strict);
  if (!isObject(schema)) return schema ?? null;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  return isObject(schema.properties) && typeof schema.type === 'string'
    ? { ...copy, additionalProperties: false }
    : copy;
}

const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true });
function compile(kind: string): ValidateFunction {
  const schema = structuredClone(schemaOf(kind));
  const properties = asObject(schema.properties) ?? {};
  delete properties.metadata; // the API server has its own schema for it
  const closed = strict(schema) as JsonObject;
  return ajv.compile({
    ...closed,
    properties: { ...asObject(closed.properties), metadata: { type: 'object' } },
  });
}

const validators = new Map(
  ['ReleasePolicy', 'AnalysisTemplate', 'Release'].map((kind) => [kind, compile(kind)]),
);
function schemaErrors(object: JsonObject): string[] {
  const validate = validators.get(getString(object, 'kind') ?? '');
  if (validate === undefined) return ['no schema of that kind'];
  if (validate(object)) return [];
  return (validate.errors ?? []).map(
    (error) => `${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`,
  );
}

const parsers: Record<string, (spec: unknown) => Result<unknown>> = {
  ReleasePolicy: (spec) => parsePolicy(spec),
  AnalysisTemplate: (spec) => parseTemplate(spec),
};
const wire = (kind: string, spec: unknown): JsonObject =>
  JSON.parse(
    JSON.stringify({ apiVersion: 'sluice.dev/v1alpha1', kind, metadata: { name: 'x' }, spec }),
  ) as JsonObject;

/** Paths of fields without a value: YAML makes these from a sentence with a comma between braces. */
function empty(value: Json | undefined, path: string): string[] {
  if (value === null) return [path];
  if (typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, each]) => empty(each, `${path}.${key}`));
}

describe('the CRDs', () => {
  it('say something in every field', () => {
    expect(crds.flatMap((crd) => empty(crd, getString(crd, 'metadata', 'name') ?? ''))).toEqual([]);
  });

  it('define exactly the kinds that api/resources.ts names, with the names it gives', () => {
    const own = Object.values(RESOURCES).filter((resource) => resource.group === 'sluice.dev');
    expect(crds.map((crd) => get(crd, 'metadata', 'name')).sort()).toEqual(
      own.map((resource) => `${resource.plural}.${resource.group}`).sort(),
    );
    for (const crd of crds) {
      const names = getObject(crd, 'spec', 'names') ?? {};
      const resource = own.find((item) => item.plural === names.plural);
      expect(names.kind).toBe(resource?.kind);
      expect(names.shortNames).toBeUndefined();
      expect(names.categories).toEqual(['sluice']);
      expect(get(crd, 'spec', 'scope')).toBe('Namespaced');
      expect(getString(crd, 'spec', 'versions', 0, 'name')).toBe(resource?.version);
    }
  });

  it('show a Release with its reason and image, the step counted from 1, and the weight that is observed', () => {
    const crd = crds.find((item) => getString(item, 'spec', 'names', 'kind') === 'Release');
    const columns = getObjects(crd, 'spec', 'versions', 0, 'additionalPrinterColumns');
    expect(columns.map((column) => getString(column, 'name')?.toUpperCase())).toEqual([
      ...['TARGET', 'PHASE', 'STEP', 'WEIGHT', 'VERDICT', 'REASON', 'IMAGE', 'AGE'],
    ]);
    const shows = (name: string) => columns.find((column) => column.name === name)?.jsonPath;
    expect(shows('Weight')).toBe('.status.observedWeight');
    expect(shows('Step')).toBe('.status.stepOf');
    expect(getObject(crd, 'spec', 'versions', 0, 'subresources', 'status')).toEqual({});
  });

  it.each(['ReleasePolicy', 'AnalysisTemplate', 'Release'])('%s has a structural schema', (kind) => {
    const problems: string[] = [];
    const walk = (schema: Json | undefined, path: string): void => {
      if (!isObject(schema)) return;
      const open = schema['x-kubernetes-preserve-unknown-fields'] === true;
      if (typeof schema.type !== 'string' && !open) problems.push(`${path} has no type`);
      if (schema.type === 'array' && schema.items === undefined) problems.push(`${path} has no items`);
      if (schema.properties !== undefined && schema.additionalProperties !== undefined)
        problems.push(`${path} has both`);
      const properties = asObject(schema.properties) ?? {};
      const missing = (getArray(schema, 'required') ?? []).filter(
        (name) => typeof name !== 'string' || !Object.hasOwn(properties, name),
      );
      if (missing.length > 0)
        problems.push(`${path} requires ${JSON.stringify(missing)} without defining it`);
      for (const [name, child] of Object.entries(properties)) walk(child, `${path}.${name}`);
      walk(schema.items, `${path}[]`);
      walk(schema.additionalProperties, `${path}{}`);
    };
    walk(schemaOf(kind), kind);
    expect(problems).toEqual([]);
  });
});

describe('schemas and parsers', () => {
  it.each(files('samples/'))('agree that the sample %s is right', (name) => {
    const sample = load(`samples/${name}`);
    expect(schemaErrors(sample)).toEqual([]);
    const result = parsers[getString(sample, 'kind') ?? '']?.(sample.spec);
    expect(result?.ok === false ? result.issues.map(formatIssue) : []).toEqual([]);
    const template = parseTemplate(sample.spec);
    if (template.ok) expect(checkTemplate(template.value, name)).toEqual([]);
  });

  it('have a sample with every kind of metric and a score', () => {
    const parsed = parseTemplate(load('samples/analysistemplate-all-kinds.yaml').spec);
    const metrics = parsed.ok ? parsed.value.metrics : [];
    expect([...new Set(metrics.map(({ type }) => type))].sort()).toEqual(METRIC_KINDS);
    expect(parsed).toMatchObject({ ok: true, value: { scoring: { groups: { resources: 100 } } } });
  });

  it('agree on everything that serializePolicy and serializeTemplate write', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(schemaErrors(wire('ReleasePolicy', serializePolicy(policy)))).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(templates, (template) => {
        expect(schemaErrors(wire('AnalysisTemplate', serializeTemplate(template)))).toEqual([]);
      }),
    );
  });

  it.each<{ name: string; metric: JsonObject }>([
    { name: 'one pair of queries', metric: { errorRate: { bad: 'b', total: 't' } } },
    { name: 'one histogram', metric: { latency: { buckets: 'b', quantile: 0.9 } } },
    { name: 'a harm margin alone', metric: { latency: {}, margin: { absolute: 0, relative: 0.2 } } },
    { name: 'a test without method', metric: { series: { query: 'q' }, test: { looks: 2 } } },
  ])('agree on the short form of $name', ({ metric }) => {
    const object = wire('AnalysisTemplate', { metrics: [{ name: 'm', ...metric }] });
    expect(schemaErrors(object)).toEqual([]);
    expect(parseTemplate(object.spec).ok).toBe(true);
  });

  it('know the same fields of an AnalysisTemplate', () => {
    const spec = getObject(schemaOf('AnalysisTemplate'), 'properties', 'spec') ?? {};
    const metric = getObject(spec, 'properties', 'metrics', 'items') ?? {};
    const unknown: string[] = [];
    const ask = (schema: JsonObject | undefined, specWith: (field: JsonObject) => JsonObject) => {
      const names = Object.keys(getObject(schema, 'properties') ?? {});
      expect(names).not.toEqual([]);
      for (const name of names) {
        const parsed = parseTemplate(specWith({ [name]: null }));
        const issues = parsed.ok ? [] : parsed.issues.map(formatIssue);
        unknown.push(...issues.filter((issue) => issue.includes('in a field that does not exist')));
      }
    };
    const query = { query: 'q', success: 'x' };
    ask(spec, (field) => field);
    ask(getObject(spec, 'properties', 'scoring'), (scoring) => ({ scoring }));
    ask(metric, (field) => ({ metrics: [{ name: 'm', threshold: query, ...field }] }));
    for (const kind of METRIC_KINDS) {
      ask(getObject(metric, 'properties', kind), (field) => ({ metrics: [{ name: 'm', [kind]: field }] }));
    }
    ask(getObject(metric, 'properties', 'test'), (test) => ({
      metrics: [{ name: 'm', errorRate: {}, test }],
    }));
    ask(getObject(metric, 'properties', 'margin'), (margin) => ({
      metrics: [{ name: 'm', errorRate: {}, margin }],
    }));
    ask(getObject(metric, 'properties', 'series', 'properties', 'effect'), (effect) => ({
      metrics: [{ name: 'm', series: { query: 'q', effect } }],
    }));
    expect(unknown).toEqual([]);
  });

  /** Puts a value at a random place of a JSON value. */
  const spoil = (value: Json, picks: number[], bad: Json): Json => {
    const [pick = 0, ...rest] = picks;
    if (Array.isArray(value) && value.length > 0) {
      return value.map((item, index) => (index === pick % value.length ? spoil(item, rest, bad) : item));
    }
    if (!isObject(value) || Object.keys(value).length === 0) return bad;
    const keys = Object.keys(value);
    const key = keys[pick % keys.length] ?? '';
    return { ...value, [key]: spoil(value[key] ?? null, rest, bad) };
  };
  const values = fc.oneof(
    fc.constantFrom<Json[]>(
      null,
      true,
      0,
      -1,
      1e9,
      0.5,
      99,
      100,
      '',
      'x',
      'X',
      '5',
      '2m',
      '-2m',
      '1e3',
      'auto',
      [],
      {},
    ),
    fc.jsonValue() as fc.Arbitrary<Json>,
  );
  const picks = fc.array(fc.nat(20), { minLength: 1, maxLength: 6 });

  it('never disagree so that the parser takes what the schema refuses', () => {
    const check = (kind: string, spec: JsonObject, where: number[], bad: Json) => {
      const spoiled = wire(kind, spoil(spec, where, bad));
      if (parsers[kind]?.(spoiled.spec).ok === true) expect(schemaErrors(spoiled)).toEqual([]);
    };
    fc.assert(
      fc.property(policies, picks, values, (policy, where, bad) =>
        check('ReleasePolicy', serializePolicy(policy), where, bad),
      ),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(templates, picks, values, (template, where, bad) =>
        check('AnalysisTemplate', serializeTemplate(template), where, bad),
      ),
      { numRuns: 500 },
    );
  });

  it('agree on a Release with every field set', () => {
    const numbers = { logEvidence: 1.5 };
    const verdict = {
      result: 'inconclusive',
      reason: 'MoreDataNeeded',
      sentence: 'More.',
      numbers,
      tolerable: true,
    } as const;
    const status = aStatus({
      exposedAt: STARTED,
      stepExposedAt: STARTED,
      weightWrittenAt: STARTED,
      weightObservedAt: STARTED,
      clocks: [
        { name: 'blind', since: STARTED, until: STARTED },
        { name: 'unconfirmed', since: STARTED, until: STARTED },
      ],
      withheld: { reason: 'DataMissing', since: STARTED },
      interruptions: { DataMissing: 2 },
      promotedFor: 'Analysis',
      withdrawal: { endsAs: 'Aborted', turnedDown: true, by: 'Author' },
      waitsFor: 'Answer',
      losses: 2,
      reassertedAt: [STARTED],
      stepStartedAt: STARTED,
      pausedAt: STARTED,
      drainStartedAt: STARTED,
      promotionStartedAt: STARTED,
      stableUnavailable: { since: STARTED, changedAt: STARTED },
      endedAt: STARTED,
      stepOf: '1/3',
      canaryReplicas: 1,
      crashes: { count: 1, at: STARTED, what: 'container app ended', seen: { 'shop-1/app': 2 } },
      breakdown: [
        {
          metric: 'http/errors',
          by: 'route',
          sentence: 'One route explains it.',
          rateOf: 'Value',
          compared: 2,
          values: [
            {
              value: '/pay',
              explains: true,
              canaryRequests: 100,
              canaryErrors: 50,
              stableRequests: 1000,
              stableErrors: 10,
              evidence: 400,
            },
          ],
        },
      ],
      targetGeneration: 4,
      replicaSet: 'shop-77',
      reasserted: 0,
      share: {
        version: 1,
        since: STARTED,
        wanted: 5,
        canary: 5.5,
        stable: 94.5,
        reason: 'TrafficShareVerified',
        sentence: 'As wanted.',
      },
      trouble: {
        since: STARTED,
        needsHuman: true,
        phase: 'Progressing',
        reason: 'Measuring',
        message: 'Measured.',
      },
      mirror: 50,
      matching: true,
      observedWeight: null,
      observedMirror: 0,
      observedMatching: false,
      verdict,
      analysis: {
        version: 1,
        step: 0,
        measuredUntilMs: 1.5e12,
        dataUntilMs: 1.5e12,
        gaps: 0,
        metrics: {
          'error-rate': { version: 1, type: 'errorRate', data: { any: [1] } },
          latency: { version: 1, type: 'latency', data: {} },
          series: { version: 1, type: 'series', data: {} },
          threshold: { version: 1, type: 'threshold', data: {} },
        },
        verdicts: [{ ...verdict, metric: 'error-rate', critical: true, dryRun: false }],
      },
      decisions: [{ time: STARTED, reason: 'Measuring', sentence: 'Measured.', numbers }],
    });
    const release = JSON.parse(JSON.stringify(aRelease({ status }))) as JsonObject;
    expect(schemaErrors(release)).toEqual([]);
    expect(parseRelease(release).ok).toBe(true);
    const known = Object.keys(getObject(schemaOf('Release'), 'properties', 'status', 'properties') ?? {});
    expect(known.filter((name) => !(name in status))).toEqual([]);
  });
});
