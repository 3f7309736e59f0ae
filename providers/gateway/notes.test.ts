import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { defaultTemplate } from '../../api/kinds/template/template.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { withPresets } from '../../release/facts/resolve.ts';
import { backend, httpRoute, reportedBy, rule } from '../../test/support/routes.ts';
import { gatewayNotes } from './notes.ts';
import { PRESETS } from '../index.ts';

const ENVOY_GATEWAY = 'gateway.envoyproxy.io/gatewayclass-controller';
const filters = [{ type: 'RequestHeaderModifier', requestHeaderModifier: { remove: ['x-none'] } }];

describe('where the first weight renames what serves stable', () => {
  const notes = (controller: string, refs: JsonObject[]): string[] =>
    gatewayNotes([reportedBy(httpRoute('shop', [rule('/', refs)]), controller)], 'web', []).map(
      ({ reason }) => reason,
    );

  test('a filter on the own backendRef is recommended, with what it costs not to have it', () => {
    expect(notes(ENVOY_GATEWAY, [backend('web')])).toEqual(['ClusterRenamed']);
    const route = reportedBy(httpRoute('shop', [rule('/', [backend('web')])]), ENVOY_GATEWAY);
    const [note] = gatewayNotes([route], 'web', []);
    expect(note?.sentence).toContain('with 503 (5 of 200 a second');
    expect(note?.sentence).toContain('requestHeaderModifier: {remove: [x-none]}');
  });

  test.each([
    ['that has one', ENVOY_GATEWAY, [backend('web', { filters })]],
    ['of another Service', ENVOY_GATEWAY, [backend('other')]],
    ['of another implementation', 'traefik.io/gateway-controller', [backend('web')]],
  ])('of a backendRef %s nothing is said', (_, controller, refs) => {
    expect(notes(controller, refs)).toEqual([]);
  });
});

describe('latency by a histogram whose buckets are too coarse', () => {
  const template = (metrics: object[]): BoundTemplate => {
    const parsed = parseTemplate({ metrics });
    const value = parsed.ok ? parsed.value : defaultTemplate();
    return { use: { template: 'shop', args: {} }, template: value };
  };
  const notes = (preset: string, metrics: object[]): string[] => {
    const resolved = withPresets(
      [template(metrics)],
      PRESETS.find(({ name }) => name === preset) ?? { sentence: '' },
    );
    return gatewayNotes([], 'web', resolved.ok ? resolved.value : []).map(({ reason }) => reason);
  };
  const errors = { name: 'errors', errorRate: { preset: 'auto' } };
  const slow = { name: 'slow', latency: { preset: 'auto', quantiles: [0.9] } };

  test('is told of Traefik, and of nobody else', () => {
    expect(notes('traefik', [errors, slow])).toEqual(['CoarseBuckets']);
    expect(notes('traefik', [errors])).toEqual([]);
    expect(notes('istio', [errors, slow])).toEqual([]);
  });
});
