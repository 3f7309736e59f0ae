import { describe, expect, test } from 'vitest';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { PRESETS, PROVIDERS } from '../../providers/index.ts';
import { countedBy } from './counted.ts';

const NONE = { sentence: 'Sluice has no queries for x' };
const OWN = { bad: 'bad{s="{{service}}"}', total: 'all{s="{{service}}",p="{{args.path}}"}' };

function bound(...metrics: object[]): BoundTemplate {
  const parsed = parseTemplate({ args: [{ name: 'path', value: '/' }], metrics });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.issues));
  return { use: { template: 'shop', args: {} }, template: parsed.value };
}
const errors = (errorRate: object) => ({ name: 'errors', errorRate });
const slow = (latency: object) => ({ name: 'slow', latency: { quantiles: [0.9], ...latency } });
const named = (name: string) => PRESETS.find((preset) => preset.name === name) ?? NONE;

describe('the requests of both versions are counted', () => {
  test('by the total of a template that brings its own queries, whether there are ready-made ones or not', () => {
    const own = {
      name: 'template',
      because: 'every metric has queries of its own, and the total of errors counts requests',
      metric: 'errors',
      requests: { canary: OWN.total, stable: OWN.total },
    };
    const templates = [bound(slow({ buckets: 'b_bucket{s="{{service}}"}' }), errors(OWN))];
    expect(countedBy(templates, NONE, PROVIDERS.gateway)).toEqual(own);
    expect(countedBy(templates, named('istio'), PROVIDERS.istio)).toEqual(own);
  });

  test('by the ready-made queries where any metric asks them', () => {
    const templates = [bound(errors(OWN), slow({ preset: 'auto' }))];
    expect(countedBy(templates, named('istio'), PROVIDERS.istio)).toMatchObject({ name: 'istio' });
  });

  test('by the preset that every metric names', () => {
    const templates = [bound(errors({ preset: 'traefik-nginx' }))];
    expect(countedBy(templates, named('nginx'), PROVIDERS.nginx)).toMatchObject({
      name: 'traefik-nginx',
      requests: { stable: expect.stringContaining('traefik_service_requests_total') as string },
    });
  });

  test('by nothing where Services share out connections, or only durations are asked for', () => {
    expect(countedBy([bound(errors(OWN))], named('replicas'), PROVIDERS.replicas)).not.toHaveProperty(
      'requests',
    );
    const durations = bound(slow({ buckets: 'b_bucket{s="{{service}}"}' }));
    expect(countedBy([durations], NONE, PROVIDERS.gateway)).toEqual({
      name: 'none',
      because: NONE.sentence,
    });
  });
});
