import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { JsonObject, KubeObject, ObjectRef } from '../../api/kube.ts';
import { serializePolicy, serializeTemplate } from '../../api/parse/serialize.ts';
import { parsePolicy } from '../../api/parse/policy.ts';
import { parseTemplate } from '../../api/parse/template.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isInvalid } from '../../kube/errors.ts';
import { startApi } from '../support/api.ts';
import { policies, templates } from '../support/arbitraries.ts';
import { aRelease, aStatus } from '../support/release.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

const root = new URL('../../manifests/', import.meta.url);
const load = (folder: string): KubeObject[] =>
  readdirSync(new URL(folder, root))
    .filter((name) => name.endsWith('.yaml'))
    .flatMap((name) => parseAllDocuments(readFileSync(new URL(folder + name, root), 'utf8')))
    .map((document) => document.toJS() as KubeObject);

let client: KubeClient;
beforeEach(async () => {
  ({ client } = await startApi(new VirtualClock()));
});

const template = (name: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name, namespace: 'default' },
  spec,
});
const policy = (name: string, spec: JsonObject): KubeObject => ({
  ...template(name, spec),
  kind: 'ReleasePolicy',
});
const withMetric = (fields: JsonObject): JsonObject => ({ metrics: [{ name: 'm', ...fields }] });

const shop: ObjectRef = { resource: RESOURCES.releases, namespace: 'default', name: 'shop-2' };
const fresh = (): KubeObject => {
  const { apiVersion, kind, metadata, spec } = aRelease({});
  const { name, namespace, labels = {} } = metadata;
  return JSON.parse(
    JSON.stringify({ apiVersion, kind, metadata: { name, namespace, labels }, spec }),
  ) as KubeObject;
};

describe('the CRDs on an API server', () => {
  it.each(load('samples/').map((sample) => ({ kind: sample.kind, sample })))(
    'take the sample $kind',
    async ({ sample }) => {
      const object = { ...sample, metadata: { ...sample.metadata, namespace: 'default' } };
      expect((await client.create(object)).metadata.uid).toBeDefined();
    },
  );

  it.each<{ name: string; patch: JsonObject }>([
    { name: 'the target', patch: { target: { name: 'other' } } },
    { name: 'the stable ReplicaSet', patch: { stable: { replicaSet: 'other' } } },
    { name: 'the stable template', patch: { stable: { template: { spec: { hostNetwork: true } } } } },
    { name: 'the template under test', patch: { canary: { template: { spec: { hostNetwork: true } } } } },
    { name: 'the policy', patch: { policy: { onFailure: 'revert' } } },
    { name: 'the analysis', patch: { analysis: [] } },
    { name: 'the provider', patch: { traffic: { provider: 'nginx' } } },
    { name: 'the routes', patch: { traffic: { routes: [] } } },
    { name: 'the traffic as a whole', patch: { traffic: null } },
    { name: 'the intent to an unknown word', patch: { intent: 'Hurry' } },
  ])('do not let anybody change $name of a Release', async ({ patch }) => {
    await client.create(fresh());
    const error: unknown = await client
      .mergePatch(shop, { spec: patch })
      .catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
  });

  it('let the controller complete a record that was made without rules, once', async () => {
    const { spec = {}, ...rest } = fresh();
    const { traffic = {}, policy: rules = {}, analysis = [], ...record } = spec;
    await client.create({ ...rest, spec: { ...record, policy: {}, analysis: [] } });
    const whole = { policy: rules, analysis, traffic };
    const patched = await client.mergePatch(shop, { spec: whole });
    expect(patched.spec).toMatchObject(whole);
    const again = client.mergePatch(shop, { spec: { policy: { onFailure: 'revert' } } });
    expect(isInvalid(await again.catch((problem: unknown) => problem))).toBe(true);
  });

  it('let a human change the intent of a Release', async () => {
    await client.create(fresh());
    const patched = await client.mergePatch(shop, { spec: { intent: 'Abort' } });
    expect(patched.spec?.['intent']).toBe('Abort');
  });

  it('keep a whole status, unread weight and all', async () => {
    await client.create(fresh());
    const status = JSON.parse(JSON.stringify(aStatus({ observedWeight: null }))) as JsonObject;
    const patched = await client.jsonPatch(shop, [{ op: 'add', path: '/status', value: status }], {
      subresource: 'status',
    });
    expect(patched.status).toEqual(status);
  });

  it('refuse a status with a phase that does not exist', async () => {
    await client.create(fresh());
    const status = JSON.parse(JSON.stringify({ ...aStatus({}), phase: 'Baking' })) as JsonObject;
    const error: unknown = await client
      .mergePatch(shop, { status }, { subresource: 'status' })
      .catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
  });

  it('take every ReleasePolicy that the parser takes', async () => {
    let count = 0;
    await fc.assert(
      fc.asyncProperty(policies, async (value) => {
        const wire = JSON.parse(JSON.stringify(serializePolicy(value))) as JsonObject;
        expect((await client.create(policy(`p-${count++}`, wire))).spec).toEqual(wire);
      }),
    );
  });

  const match = { headers: [{ name: 'a', exact: 'b' }] };
  it.each<{ spec: JsonObject; says: string }>([
    { spec: { match }, says: 'match goes with strategy: ab only' },
    { spec: { strategy: 'blueGreen', match }, says: 'match goes with strategy: ab only' },
    { spec: { strategy: 'ab' }, says: 'needs match' },
    { spec: { bake: '5m' }, says: 'bake goes with strategy: blueGreen only' },
    { spec: { strategy: 'blueGreen', steps: [{ weight: 5 }] }, says: 'blueGreen has no steps' },
    { spec: { strategy: 'blueGreen', stickiness: { cookie: 'a' } }, says: 'stickiness does not go' },
    { spec: { steps: [{ weight: 5 }, { weight: 0 }] }, says: 'a weight of 0' },
    {
      spec: { strategy: 'ab', match: { headers: [{ name: 'a', exact: 'b', regex: 'c' }] } },
      says: 'exactly one of exact, regex',
    },
    { spec: { strategy: 'ab', match: { cookies: [{ name: 'a', exact: 'b;c' }] } }, says: 'exact' },
  ])('refuse, as the parser does, a ReleasePolicy of $spec', async ({ spec, says }) => {
    expect(parsePolicy(spec).ok).toBe(false);
    const error: unknown = await client.create(policy('wrong', spec)).catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
    expect(String(error)).toContain(says);
  });

  it('take every AnalysisTemplate that the parser takes, with fields written out or left out', async () => {
    const leftOut = fc.subarray(
      ['method', 'looks', 'horizon', 'test', 'nan', 'margin', 'weight', 'quantiles', 'groups', 'scoring'],
      { maxLength: 4 },
    );
    let count = 0;
    await fc.assert(
      fc.asyncProperty(templates, leftOut, async (value, names) => {
        const wire = JSON.parse(JSON.stringify(serializeTemplate(value)), (key, item: unknown) =>
          names.includes(key) ? undefined : item,
        ) as JsonObject;
        if (names.length > 0 && !parseTemplate(wire).ok) return;
        const created = await client.create(template(`t-${count++}`, wire));
        expect(created.spec).toEqual(wire);
      }),
    );
    expect(count).toBeGreaterThan(50);
  });

  it.each<{ name: string; spec: JsonObject; says: string }>([
    { name: 'no kind', spec: withMetric({}), says: 'exactly one of errorRate' },
    { name: 'two kinds', spec: withMetric({ errorRate: {}, latency: {} }), says: 'exactly one of errorRate' },
    {
      name: 'a margin of a series',
      spec: withMetric({ series: { query: 'q' }, margin: {} }),
      says: 'margin and weight',
    },
    {
      name: 'a weight of a threshold',
      spec: withMetric({ threshold: { query: 'q', success: 'x' }, weight: 2 }),
      says: 'margin and weight',
    },
    {
      name: 'a ceiling of latency',
      spec: withMetric({ latency: {}, ceiling: 0.5 }),
      says: 'ceiling is a field',
    },
    { name: 'a test of latency', spec: withMetric({ latency: {}, test: {} }), says: 'test is a field' },
    {
      name: 'a direction of an error rate',
      spec: withMetric({ errorRate: {}, direction: 'either' }),
      says: 'direction is a field',
    },
    ...['failureLimit', 'inconclusiveLimit', 'consecutiveErrorLimit'].map((field) => ({
      name: `${field} of an error rate`,
      spec: withMetric({ errorRate: {}, [field]: 1 }),
      says: 'fields of threshold metrics',
    })),
    {
      name: 'counting of a series',
      spec: withMetric({ series: { query: 'q' }, counting: 'total' }),
      says: 'fields of threshold metrics',
    },
    { name: 'nan of latency', spec: withMetric({ latency: {}, nan: 'zero' }), says: 'nan is remove or zero' },
    {
      name: "a threshold's nan in a series",
      spec: withMetric({ series: { query: 'q' }, nan: 'fail' }),
      says: 'nan is remove or zero',
    },
    {
      name: 'looks of the sequential method',
      spec: withMetric({ errorRate: {}, test: { looks: 2 } }),
      says: 'sequential without looks',
    },
    {
      name: 'fixed looks without a horizon',
      spec: withMetric({ errorRate: {}, test: { method: 'fisher' } }),
      says: 'fisher with a horizon',
    },
    {
      name: 'a method of series for an error rate',
      spec: withMetric({ errorRate: {}, test: { method: 'welch', horizon: '1h' } }),
      says: 'an errorRate metric has the method',
    },
    {
      name: 'a method of error rates for a series',
      spec: withMetric({ series: { query: 'q' }, test: { method: 'fisher', horizon: '10m' } }),
      says: 'a series metric has the method',
    },
    {
      name: 'both a quantile and quantiles',
      spec: withMetric({ latency: { quantile: 0.5, quantiles: [0.9] } }),
      says: 'only one of quantile and quantiles',
    },
    {
      name: 'a score without series',
      spec: { ...withMetric({ errorRate: {} }), scoring: { pass: 90, marginal: 50 } },
      says: 'nothing to score',
    },
    {
      name: 'a marginal score above pass',
      spec: { ...withMetric({ series: { query: 'q', groups: ['a'] } }), scoring: { pass: 50, marginal: 90 } },
      says: 'marginal is above pass',
    },
  ])('refuse, as the parser does, an AnalysisTemplate with $name', async ({ spec, says }) => {
    expect(parseTemplate(spec).ok).toBe(false);
    const error: unknown = await client.create(template('wrong', spec)).catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
    expect(String(error)).toContain(says);
  });
});
