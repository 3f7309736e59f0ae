import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aRelease } from './release.ts';

/** What the CRDs refuse, on our own API server and on a real one. */

export const aTemplate = (name: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'AnalysisTemplate',
  metadata: { name, namespace: 'default' },
  spec,
});
export const aPolicy = (name: string, spec: JsonObject): KubeObject => ({
  ...aTemplate(name, spec),
  kind: 'ReleasePolicy',
});
const withMetric = (fields: JsonObject): JsonObject => ({ metrics: [{ name: 'm', ...fields }] });

/** A record as the controller makes it. */
export const freshRelease = (): KubeObject => {
  const { apiVersion, kind, metadata, spec } = aRelease({});
  const { name, namespace, labels = {} } = metadata;
  return JSON.parse(
    JSON.stringify({ apiVersion, kind, metadata: { name, namespace, labels }, spec }),
  ) as KubeObject;
};

/** Fields of a Release that no one may change after its creation. */
export const RELEASE_CHANGES: readonly { name: string; patch: JsonObject }[] = [
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
];

const match = { headers: [{ name: 'a', exact: 'b' }] };
/** Policies that both the parser and the CRD refuse, with the CRD's message. */
export const WRONG_POLICIES: readonly { spec: JsonObject; says: string }[] = [
  { spec: { match }, says: 'match needs strategy: ab' },
  { spec: { strategy: 'blueGreen', match }, says: 'match needs strategy: ab' },
  { spec: { strategy: 'ab' }, says: 'needs match' },
  { spec: { bake: '5m' }, says: 'bake needs strategy: blueGreen' },
  { spec: { strategy: 'blueGreen', steps: [{ weight: 5 }] }, says: 'blueGreen has no steps' },
  { spec: { strategy: 'blueGreen', stickiness: { cookie: 'a' } }, says: 'stickiness cannot be used with' },
  { spec: { steps: [{ weight: 5 }, { weight: 0 }] }, says: 'a weight of 0' },
  {
    spec: { strategy: 'ab', match: { headers: [{ name: 'a', exact: 'b', regex: 'c' }] } },
    says: 'exactly one of exact, regex',
  },
  { spec: { strategy: 'ab', match: { cookies: [{ name: 'a', exact: 'b;c' }] } }, says: 'exact' },
];

/** Templates that both the parser and the CRD refuse, with the CRD's message. */
export const WRONG_TEMPLATES: readonly { name: string; spec: JsonObject; says: string }[] = [
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
    says: 'ceiling and breakdown are fields of errorRate metrics',
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
];
