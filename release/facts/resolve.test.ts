import { expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aSnapshot, aTarget } from '../../test/support/builders.ts';
import { resolveRules } from './resolve.ts';

const custom = (kind: string, name: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind,
  metadata: { name, namespace: 'shop' },
  spec,
});

it('does not take what every object inherits for the value of an argument', () => {
  const policy = custom('ReleasePolicy', 'default', { analysis: [{ template: 'own' }] });
  const template = custom('AnalysisTemplate', 'own', {
    args: [{ name: 'constructor' }],
    metrics: [{ name: 'm', threshold: { query: 'x{a="{{args.constructor}}"}', failure: 'value > 1' } }],
  });
  const rules = resolveRules(aSnapshot([aTarget(), policy, template]));
  expect(rules).toMatchObject({
    ok: false,
    objection: { reason: 'InvalidTemplate', sentence: expect.stringContaining('has no value') as string },
  });
});

it('refuses planned looks that a step cannot last to', () => {
  const steps = (maxDuration: string) =>
    custom('ReleasePolicy', 'default', {
      analysis: [{ template: 'own' }],
      steps: [{ weight: 5, maxDuration }],
      onInconclusive: 'wait',
    });
  const template = custom('AnalysisTemplate', 'own', {
    metrics: [
      { name: 'm', errorRate: { preset: 'nginx' }, test: { method: 'fisher', looks: 2, horizon: '20m' } },
    ],
  });
  const sentence = (maxDuration: string) => {
    const rules = resolveRules(aSnapshot([aTarget(), steps(maxDuration), template]));
    return rules.ok ? undefined : rules.objection.sentence;
  };
  expect(sentence('19m')).toContain('spec.metrics[0].test.horizon');
  expect(sentence('20m')).toBeUndefined();
});

it('refuses more metrics than are measured for one release', () => {
  const names = ['a', 'b', 'c'];
  const policy = custom('ReleasePolicy', 'default', { analysis: names.map((template) => ({ template })) });
  const templates = names.map((name) =>
    custom('AnalysisTemplate', name, {
      metrics: Array.from({ length: 14 }, (_, i) => ({
        name: `m${i}`,
        threshold: { query: 'up', failure: 'value > 1' },
      })),
    }),
  );
  const rules = resolveRules(aSnapshot([aTarget(), policy, ...templates]));
  expect(rules).toMatchObject({
    ok: false,
    objection: { reason: 'TooMuchWork', sentence: expect.stringContaining('42 metrics') as string },
  });
});
