import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aService } from '../../test/support/objects.ts';
import { chooseRewrite } from './choose.ts';
import type { Rewrite } from './rewrite.ts';

const template = (labels: Record<string, string>, spec: JsonObject = {}): JsonObject => ({
  metadata: { labels },
  spec,
});

function choose(
  labels: Record<string, string>,
  matchLabels: Record<string, string>,
  services: Record<string, string>[],
) {
  const objects = services.map((selector, i): KubeObject => aService(`svc-${i}`, selector));
  return chooseRewrite({ template: template(labels), selector: { matchLabels }, services: objects });
}

describe('chooseRewrite', () => {
  const web = { app: 'web' };
  test.each([
    {
      name: 'takes the label of every selector',
      labels: web,
      own: web,
      services: [web],
      want: { app: { from: 'web', to: 'web-canary' } },
    },
    {
      name: 'prefers the track label where template and every Service carry it',
      labels: { app: 'web', 'sluice.dev/track': 'stable' },
      own: web,
      services: [{ 'sluice.dev/track': 'stable', app: 'web' }, { 'sluice.dev/track': 'stable' }],
      want: { 'sluice.dev/track': { from: 'stable', to: 'canary' } },
    },
    {
      name: 'leaves the track label alone where one Service does not select by it',
      labels: { app: 'web', 'sluice.dev/track': 'stable' },
      own: web,
      services: [{ 'sluice.dev/track': 'stable', app: 'web' }, web],
      want: { app: { from: 'web', to: 'web-canary' } },
    },
    {
      name: 'takes the first in the alphabet of several that would do',
      labels: { name: 'web', app: 'x' },
      own: { name: 'web', app: 'x' },
      services: [{ name: 'web', app: 'x' }],
      want: { app: { from: 'x', to: 'x-canary' } },
    },
    {
      name: 'takes a key that every Service has rather than one that only some have',
      labels: { app: 'x', name: 'web' },
      own: { app: 'x', name: 'web' },
      services: [{ name: 'web', app: 'x' }, { name: 'web' }],
      want: { name: { from: 'web', to: 'web-canary' } },
    },
    {
      name: 'takes the smallest set where no key is in every selector',
      labels: { app: 'web', tier: 'front', zone: 'a' },
      own: web,
      services: [web, { tier: 'front' }, { tier: 'front', zone: 'a' }],
      want: { app: { from: 'web', to: 'web-canary' }, tier: { from: 'front', to: 'front-canary' } },
    },
    {
      name: 'needs no Service',
      labels: web,
      own: web,
      services: [],
      want: { app: { from: 'web', to: 'web-canary' } },
    },
    {
      name: 'gives an empty value one',
      labels: { app: '' },
      own: { app: '' },
      services: [{ app: '' }],
      want: { app: { from: '', to: 'canary' } },
    },
  ])('$name', ({ labels, own, services, want }) => {
    expect(choose(labels, own, services)).toEqual({ ok: true, rewrite: want });
  });

  test('never changes a label that switches something on in the pod', () => {
    const labels = { app: 'web', 'sidecar.istio.io/inject': 'true' };
    const got = choose(labels, { app: 'web' }, [{ 'sidecar.istio.io/inject': 'true' }]);
    expect(got).toMatchObject({ ok: false, refusal: { reason: 'NoTrackLabel' } });
    expect(got.ok ? '' : got.refusal.sentence).toContain('Service svc-0');
  });

  test('refuses a Deployment whose selector demands no value', () => {
    const selector = { matchExpressions: [{ key: 'app', operator: 'Exists' }] };
    const services = [aService('web', { tier: 'front' })];
    const got = chooseRewrite({ template: template({ app: 'web', tier: 'front' }), selector, services });
    expect(got).toMatchObject({ ok: false, refusal: { reason: 'NoTrackLabel' } });
  });

  test('reads a value that only matchExpressions demand', () => {
    const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }] };
    const got = chooseRewrite({
      template: template({ app: 'web' }),
      selector,
      services: [aService('web', { app: 'web' })],
    });
    expect(got).toEqual({ ok: true, rewrite: { app: { from: 'web', to: 'web-canary' } } });
  });

  test('avoids a value that a selector inside the template speaks of already', () => {
    const labelSelector = { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web-canary'] }] };
    const own = template({ app: 'web' }, { topologySpreadConstraints: [{ labelSelector }] });
    const got = chooseRewrite({ template: own, selector: { matchLabels: { app: 'web' } }, services: [] });
    expect(got.ok && got.rewrite['app']?.to).toMatch(/^web-[a-z2-9]{10}-canary$/);
  });

  test('shortens a value of 63 characters', () => {
    const long = 'a'.repeat(63);
    const got = choose({ app: long }, { app: long }, [{ app: long }]);
    expect(got.ok && got.rewrite['app']?.to).toMatch(/^a{45}-[a-z2-9]{10}-canary$/);
  });
});

describe('of several labels that would do', () => {
  const both = { app: 'x', name: 'web' };
  const burden = (heavy: string[]) => (rewrite: Rewrite) =>
    Object.keys(rewrite).filter((key) => heavy.includes(key)).length;
  const chosen = (heavy: string[], services: Record<string, string>[]) => {
    const choice = chooseRewrite({
      template: template({ ...both, zone: 'a' }),
      selector: { matchLabels: both },
      services: services.map((selector, i) => aService(`svc-${i}`, selector)),
      burden: burden(heavy),
    });
    return choice.ok ? Object.keys(choice.rewrite) : [];
  };

  test.each([
    { given: 'nothing has to follow', heavy: [], services: [both], want: ['app'] },
    { given: 'policies select by the first', heavy: ['app'], services: [both], want: ['name'] },
    { given: 'policies select by each', heavy: ['app', 'name'], services: [both], want: ['app'] },
    {
      given: 'a set is needed',
      heavy: ['app'],
      services: [both, { app: 'x', zone: 'a' }, { zone: 'a' }],
      want: ['name', 'zone'],
    },
  ])('the one with the least to follow is taken: $given', ({ heavy, services, want }) => {
    expect(chosen(heavy, services)).toEqual(want);
  });
});
