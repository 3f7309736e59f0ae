import { describe, expect, it } from 'vitest';
import { measure } from '../../analysis/measure/measure.ts';
import type { PrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { endpointOver } from '../../analysis/measure/prometheus/endpoint.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { metricsOf } from '../../api/bound.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { PRESETS } from '../../providers/index.ts';
import { aRelease, stepAt } from '../../test/support/release-builders.ts';
import { ago, aSnapshot, aTarget, canary } from '../../test/support/builders.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { decide } from '../decide.ts';
import type { ControllerConfig } from '../model.ts';
import { wireRules } from '../record/record.ts';
import { fencedTemplates } from './fence.ts';
import { recordedTemplates } from './records.ts';
import { resolveRules, withPresets } from './resolve.ts';

const custom = (kind: string, namespace: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind,
  metadata: { name: kind === 'ReleasePolicy' ? 'default' : 'http', namespace },
  spec,
});
const own = { name: 'own', threshold: { query: 'max(x{namespace=~".*"} or y)', failure: 'value > 1' } };
const template = (namespace: string, ...metrics: JsonObject[]): KubeObject =>
  custom('AnalysisTemplate', namespace, { metrics });
const base = aSnapshot([]).config;
const FENCED: ControllerConfig = { ...base, namespaceMatcher: true };

function resolved(objects: KubeObject[], config: ControllerConfig) {
  return resolveRules({ ...aSnapshot([aTarget(), ...objects]), config });
}

/** Templates as a release uses them to measure: resolved, recorded, read again. */
function measured(object: KubeObject, config: ControllerConfig): BoundTemplate[] {
  const rules = resolved([object], config);
  if (!rules.ok) throw new Error(rules.objection.sentence);
  const ready = withPresets(rules.value.templates, PRESETS[0] ?? { sentence: '' });
  if (!ready.ok) throw new Error('no preset');
  const spec = wireRules({ ...rules.value, templates: ready.value });
  const release = aRelease({ spec }) as unknown as Release;
  return fencedTemplates(recordedTemplates(release) ?? [], {
    config,
    key: { namespace: 'shop', name: 'web' },
  });
}

async function queriesOf(templates: BoundTemplate[]): Promise<string[]> {
  const asked: string[] = [];
  const client: PrometheusClient = {
    instant: (query) => {
      asked.push(query);
      return Promise.resolve({ ok: true, series: [] });
    },
    close: () => undefined,
  };
  const variables = {
    ...{ namespace: 'shop', target: 'web', stableService: 'web', canaryService: 'web-canary' },
    ...{ ingressRegex: 'web', portRegex: '80' },
  };
  await measure(
    { window: { startMs: 0, endMs: 15_000 }, templates, variables },
    new Map([['prometheus/default', endpointOver(client)]]),
  );
  return asked;
}

describe('with --enforce-namespace-matcher', () => {
  it('each query of a template in the namespace of the target is limited to that namespace', async () => {
    const asked = await queriesOf(measured(template('shop', own), FENCED));
    expect(asked).toEqual(['max(x{namespace="shop",namespace=~".*"} or y{namespace="shop"})']);
  });

  it('templates of the controller’s namespace ask what they say', async () => {
    expect(await queriesOf(measured(template('sluice-system', own), FENCED))).toEqual([own.threshold.query]);
  });

  it('ready-made queries are left alone: they name the namespace in labels of their own', () => {
    for (const { name, latency } of PRESETS) {
      const metrics = [
        { name: 'errors', errorRate: { preset: name } },
        ...(latency === undefined ? [] : [{ name: 'slow', latency: { preset: name } }]),
      ];
      const [bound] = measured(template('shop', ...metrics, own), FENCED);
      expect(bound?.fence).toEqual({ label: 'namespace', value: 'shop', metrics: ['own'] });
      expect(metricsOf(bound === undefined ? [] : [bound]).length).toBe(metrics.length + 1);
    }
  });

  it('one word more than a ready-made query, and it is the tenant’s', () => {
    const preset = PRESETS.find(({ name }) => name === 'replicas');
    const { canary, stable } = preset?.errorRate ?? { canary: {}, stable: {} };
    const errorRate = { canary, stable: { ...stable, bad: 'secret' } };
    const [bound] = measured(template('shop', { name: 'errors', errorRate }), FENCED);
    expect(bound?.fence?.metrics).toEqual(['errors']);
  });

  it('a function that reads what no selector names is refused before a release begins', () => {
    const wide = { name: 'own', threshold: { query: 'max(info(x))', failure: 'value > 1' } };
    expect(resolved([template('shop', wide)], FENCED)).toMatchObject({
      ok: false,
      objection: {
        sentence: expect.stringContaining('uses info(), which reads series of other namespaces') as string,
      },
    });
    expect(resolved([template('shop', wide)], base).ok).toBe(true);
  });
});

it('every measurement that a release asks for keeps to it', () => {
  const spec = { analysis: [{ template: 'http', args: {}, spec: { metrics: [own] } }] };
  const young = { exposedAt: ago(30), weightObservedAt: ago(30) };
  const objects = stepAt({ status: young }, canary({ since: 100 })).map((each) =>
    each.kind === 'Release' ? { ...each, spec: { ...each.spec, ...spec } } : each,
  );
  const snapshot = aSnapshot(objects);
  const { actions } = decide({ ...snapshot, config: FENCED });
  const jobs = actions.flatMap((action) => (action.do === 'measure' ? [action.job] : []));
  expect(jobs.map(({ templates }) => templates[0]?.fence?.metrics)).toEqual([['own']]);
});

it('without it nothing is added', async () => {
  expect(await queriesOf(measured(template('shop', own), base))).toEqual([own.threshold.query]);
});

describe('with --policies=shared-only', () => {
  const config: ControllerConfig = { ...base, sharedOnly: true };
  const policy = (namespace: string, weight: number) =>
    custom('ReleasePolicy', namespace, { steps: [{ weight }] });
  const weights = (objects: KubeObject[], from: ControllerConfig) => {
    const rules = resolved(objects, from);
    return rules.ok ? rules.value.policy.steps.map(({ weight }) => weight) : rules.objection.sentence;
  };

  it('policies and templates of the target’s namespace do not count', () => {
    const both = [policy('shop', 7), policy('sluice-system', 9), template('shop', own)];
    expect(weights(both, base)).toEqual([7]);
    expect(weights(both, config)).toEqual([9]);
    const rules = resolved(both, config);
    expect(rules.ok && rules.value.templates[0]?.template.metrics[0]?.name).toBe('error-rate');
  });

  it('the remedy names the one place that is left', () => {
    const named = { ...aTarget({ policy: 'fast' }) };
    const rules = resolveRules({ ...aSnapshot([named]), config });
    expect(rules.ok ? '' : rules.objection.sentence).toContain(
      'create ReleasePolicy fast in namespace sluice-system,',
    );
  });
});

describe('an end point that lists its namespaces', () => {
  const spec = (prometheus: string) => custom('AnalysisTemplate', 'shop', { prometheus, metrics: [own] });
  const config = (namespaces: string[]): ControllerConfig => ({
    ...base,
    endpoints: ['prometheus/default', 'prometheus/prod', 'prometheus/bank'],
    endpointsFor: { 'prometheus/prod': namespaces, 'prometheus/bank': ['bank'] },
  });

  it('may be used from them', () => {
    expect(resolved([spec('prod')], config(['team', 'shop'])).ok).toBe(true);
  });

  it('is refused elsewhere, without the names of those that others may use', () => {
    const rules = resolved([spec('prod')], config(['team']));
    expect(rules).toMatchObject({ ok: false, objection: { reason: 'PrometheusNotConfigured' } });
    const sentence = rules.ok ? '' : rules.objection.sentence;
    expect(sentence).toContain(
      '"prod" is an end point that namespace shop may not use; name one of default, or have',
    );
    expect(sentence).not.toContain('bank');
  });
});

describe('a template whose numbers come from JSON over HTTP', () => {
  const counts = { bad: '/r/{{service}}#/bad', total: '/r/{{service}}#/total' };
  const spec = (more: object = {}, errorRate: object = counts) =>
    custom('AnalysisTemplate', 'shop', {
      source: 'http/stats',
      metrics: [{ name: 'errors', errorRate }],
      ...more,
    } as JsonObject);
  const config = (more: Partial<ControllerConfig> = {}): ControllerConfig => ({
    ...base,
    endpoints: ['prometheus/default', 'http/stats'],
    ...more,
  });
  const refusal = (...args: Parameters<typeof resolved>) => {
    const rules = resolved(...args);
    return rules.ok ? undefined : rules.objection;
  };

  it('is taken where the controller has its end point', () => {
    const rules = resolved([spec()], config());
    expect(rules.ok && rules.value.templates[0]?.template.source).toBe('http/stats');
  });

  it.each([
    {
      title: 'an end point that the controller does not have',
      template: spec({ source: 'http/other' }),
      reason: 'SourceNotConfigured',
      words:
        '"http/other" is not an end point of the controller; name one of prometheus/default, http/stats, or start',
    },
    {
      title: 'an end point of other namespaces',
      template: spec(),
      config: config({ endpointsFor: { 'http/stats': ['bank'] } }),
      reason: 'SourceNotConfigured',
      words: 'is an end point that namespace shop may not use',
    },
    {
      title: 'a source that does not exist',
      template: spec({ source: 'datadog/x' }),
      reason: 'InvalidTemplate',
      words:
        'names no source of metrics; write <source>/<end point>, the source being one of http, prometheus',
    },
    {
      title: 'ready-made queries',
      template: spec({}, { preset: 'auto' }),
      reason: 'InvalidTemplate',
      words: 'is in PromQL, and the numbers come from JSON over HTTP; give queries of your own',
    },
    {
      title: 'a latency',
      template: spec({ metrics: [{ name: 'slow', latency: { preset: 'auto' } }] }),
      reason: 'InvalidTemplate',
      words:
        'metrics[0].latency: cannot come from JSON over HTTP; measure one of errorRate, series, threshold',
    },
    {
      title: 'PromQL',
      template: spec({}, { bad: 'bad_total', total: 'total' }),
      reason: 'InvalidTemplate',
      words: 'bad_total does not begin with "/"',
    },
    {
      title: 'a Prometheus beside it',
      template: spec({ prometheus: 'prod' }),
      reason: 'InvalidTemplate',
      words: 'stands beside prometheus; give only one of source, prometheus',
    },
    {
      title: 'queries that must stay within their namespace',
      template: spec(),
      config: config({ namespaceMatcher: true }),
      reason: 'InvalidTemplate',
      words: 'cannot be limited to one namespace',
    },
  ])('$title is refused with the remedy', ({ template: given, config: own = config(), reason, words }) => {
    const objection = refusal([given], own);
    expect(objection?.reason).toBe(reason);
    expect(objection?.sentence).toContain(words);
  });
});
