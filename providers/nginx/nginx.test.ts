import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { canaryIngressName } from './ingress.ts';
import { nginx } from './nginx.ts';
import { shows } from '../provider.ts';
import type { Split, Wants } from '../provider.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/';
const main = ingress('shop', { 'shop.example.com': [ingressPath('/', 'web'), ingressPath('/api', 'api')] });
const annotated = (annotations: Record<string, string>): KubeObject => ({
  ...main,
  metadata: { ...main.metadata, annotations },
});

const plan = (
  split: Split,
  { given = main, wants = { total: 100 } }: { given?: KubeObject; wants?: Wants } = {},
) => nginx.plan(aTrafficContext([given], { wants }), split);
const matched = (weight: number): Split => ({ ...percent(weight), matching: true });

/** The canary Ingress as the plan leaves it. */
function made(split: Split | number, change: { given?: KubeObject; wants?: Wants } = {}): KubeObject {
  const [write] = plan(typeof split === 'number' ? percent(split) : split, change);
  if (write?.verb !== 'create') throw new Error('nothing was made');
  return { ...write.object, metadata: { ...write.object.metadata, uid: 'uid-1' } };
}

const tagged = (live: KubeObject, annotations: Record<string, string>): KubeObject => ({
  ...live,
  metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, ...annotations } },
});

describe('what is written', () => {
  test('an Ingress of our own, for the paths of the stable Service alone', () => {
    expect(nginx.plan(aTrafficContext([main]), percent(5))).toEqual([
      {
        verb: 'create',
        object: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: {
            name: canaryIngressName('shop', 'web'),
            namespace: 'shop',
            labels: {
              'sluice.dev/target': 'web',
              'sluice.dev/release': 'web-7',
              'app.kubernetes.io/managed-by': 'sluice',
            },
            annotations: { [`${PREFIX}canary`]: 'true', [`${PREFIX}canary-weight`]: '5' },
            ownerReferences: [aTrafficContext([]).owner],
          },
          spec: {
            ingressClassName: 'nginx',
            rules: [{ host: 'shop.example.com', http: { paths: [ingressPath('/', 'web-canary')] } }],
          },
        },
      },
    ]);
  });

  test('a change of weight is one guarded patch, and what others added to it stays', () => {
    const live = tagged(made(5), { by: 'x' });
    const context = aTrafficContext([main], { made: [live] });
    expect(nginx.plan(context, percent(5))).toEqual([]);
    expect(nginx.plan(context, percent(50))).toEqual([
      {
        verb: 'jsonPatch',
        ref: expect.objectContaining({
          namespace: 'shop',
          name: canaryIngressName('shop', 'web'),
        }) as unknown,
        patch: [
          { op: 'test', path: '/metadata/uid', value: 'uid-1' },
          {
            op: 'add',
            path: '/metadata/annotations/nginx.ingress.kubernetes.io~1canary-weight',
            value: '50',
          },
        ],
      },
    ]);
  });

  test('whatever else nginx would read from it is taken off, and the spec is put back', () => {
    const live = tagged(made(5), { [`${PREFIX}canary-by-header`]: 'x', [`${PREFIX}rewrite-target`]: '/' });
    const changed = { ...live, spec: { ...live.spec, defaultBackend: { service: { name: 'x' } } } };
    const world = new ObjectWorld([main, changed]);
    const context = aTrafficContext([main], { made: world.list('Ingress').slice(1) });
    for (const write of nginx.plan(context, percent(5))) world.apply(write);
    const [, now] = world.list('Ingress');
    expect(now?.spec).toEqual(made(5).spec);
    expect(now?.metadata.annotations).toEqual({
      ...made(5).metadata.annotations,
      [`${PREFIX}rewrite-target`]: '/',
    });
  });

  test('without any annotation it gets all of them', () => {
    const live = made(5);
    delete live.metadata.annotations;
    const [write] = nginx.plan(aTrafficContext([main], { made: [live] }), percent(5));
    expect(write).toMatchObject({
      patch: [{}, { op: 'add', path: '/metadata/annotations', value: made(5).metadata.annotations }],
    });
  });

  test.each<{ name: string; wants: Wants; split: Split; want: Record<string, string> }>([
    {
      name: 'fractions of a percent: of ten thousand, never of less than a hundred',
      wants: { total: 10_000 },
      split: percent(12.34),
      want: { 'canary-weight': '1234', 'canary-weight-total': '10000' },
    },
    { name: 'the switch', wants: { total: 100 }, split: percent(100), want: { 'canary-weight': '100' } },
    {
      name: 'a header with a value, at weight 0',
      wants: { total: 100, match: { headers: [{ name: 'X-Group', value: 'beta' }], cookies: [] } },
      split: matched(0),
      want: {
        'canary-weight': '0',
        'canary-by-header': 'X-Group',
        'canary-by-header-value': 'beta',
      },
    },
    {
      name: 'a header with a regex, which has to cover all of it, and a cookie',
      wants: {
        total: 100,
        match: {
          headers: [{ name: 'X-V', value: 'v1|v2', regex: true }],
          cookies: [{ name: 'beta', value: 'always' }],
        },
      },
      split: matched(20),
      want: {
        'canary-weight': '20',
        'canary-by-header': 'X-V',
        'canary-by-header-pattern': '^(?:v1|v2)$',
        'canary-by-cookie': 'beta',
      },
    },
    {
      name: 'clients that stay',
      wants: { total: 100, sticky: { cookie: 's', maxAgeMs: 60_000 } },
      split: matched(5),
      want: { 'canary-weight': '5', 'affinity-canary-behavior': 'sticky' },
    },
  ])('$name', ({ wants, split, want }) => {
    const prefixed = Object.fromEntries(Object.entries(want).map(([key, value]) => [PREFIX + key, value]));
    const live = made(split, { wants });
    expect(live.metadata.annotations).toEqual({ [`${PREFIX}canary`]: 'true', ...prefixed });
    const seen = nginx.observe(aTrafficContext([main], { wants, made: [live] }));
    expect(shows(seen, split)).toBe(true);
  });

  test('where nothing goes to the canary it is deleted, because clients with a session would stay', () => {
    const context = aTrafficContext([main], { made: [made(50)] });
    const gone = [{ verb: 'delete', ref: { name: canaryIngressName('shop', 'web') }, uid: 'uid-1' }];
    expect(nginx.plan(context, percent(0))).toMatchObject(gone);
    expect(nginx.cleanup(context)).toMatchObject(gone);
  });

  test('one that is being deleted is not deleted again, and one of another target never', () => {
    const live = made(50);
    const deleting = { ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(nginx.plan(aTrafficContext([main], { made: [deleting] }), percent(0))).toEqual([]);
    expect(nginx.plan(aTrafficContext([main], { made: [live], target: 'api' }), percent(0))).toEqual([]);
  });

  test('only what the controller reads from the canary is copied, and the old class only where there is no new one', () => {
    const given = annotated({
      'kubernetes.io/ingress.class': 'internal',
      [`${PREFIX}service-upstream`]: 'true',
      [`${PREFIX}upstream-hash-by-subset`]: 'true',
      [`${PREFIX}affinity`]: 'cookie',
      [`${PREFIX}affinity-canary-behavior`]: 'legacy',
      [`${PREFIX}configuration-snippet`]: 'x',
      'cert-manager.io/cluster-issuer': 'ca',
      'argocd.argoproj.io/tracking-id': 'x',
    });
    const spec = { rules: given.spec?.['rules'] ?? [] };
    const copied = {
      [`${PREFIX}service-upstream`]: 'true',
      [`${PREFIX}upstream-hash-by-subset`]: 'true',
      [`${PREFIX}affinity-canary-behavior`]: 'legacy',
      [`${PREFIX}canary`]: 'true',
      [`${PREFIX}canary-weight`]: '5',
    };
    expect(made(5, { given }).metadata.annotations).toEqual(copied);
    const annotation = { 'kubernetes.io/ingress.class': 'internal' };
    const byAnnotation = made(5, { given: { ...given, spec } });
    expect(byAnnotation.metadata.annotations).toEqual({ ...copied, ...annotation });
    expect(byAnnotation.spec).not.toHaveProperty('ingressClassName');
  });

  test('names of different pairs differ although they join to the same text', () => {
    expect(canaryIngressName('a-b', 'c')).not.toBe(canaryIngressName('a', 'b-c'));
  });
});

describe('what is observed', () => {
  const observe = (...objects: KubeObject[]) => nginx.observe(aTrafficContext([main], { made: objects }));

  test('the weight of the canary Ingress, confirmed by nobody', () => {
    expect(observe(made(5))).toEqual({ weight: 5, acknowledged: 'unknown' });
    expect(observe()).toEqual({ weight: 0, acknowledged: 'unknown' });
  });

  test('one made for an earlier release counts', () => {
    expect(nginx.observe(aTrafficContext([main], { made: [made(5)], release: 'web-8' })).weight).toBe(5);
  });

  test.each<[string, (live: KubeObject) => KubeObject]>([
    ['a weight that the controller takes for 0', (live) => withWeight(live, '10%')],
    ['no weight', (live) => withWeight(live, '')],
    ['a weight above the total', (live) => withWeight(live, '101')],
    [
      'a total that the controller passes over',
      (live) => tagged(live, { [`${PREFIX}canary-weight-total`]: '10' }),
    ],
    ['no canary any more', (live) => tagged(live, { [`${PREFIX}canary`]: 'false' })],
    ['an annotation of its own', (live) => tagged(live, { [`${PREFIX}load-balance`]: 'ewma' })],
    ['a default backend', (live) => ({ ...live, spec: { ...live.spec, defaultBackend: {} } })],
    ['weight 0, which holds sessions', (live) => withWeight(live, '0')],
    ['other paths', (live) => ({ ...live, spec: { ...live.spec, rules: [] } })],
    ['another class', (live) => ({ ...live, spec: { ...live.spec, ingressClassName: 'x' } })],
  ])('%s: the share is not known, and it is put right', (_name, change) => {
    const live = change(made(5));
    expect(observe(live).weight).toBeUndefined();
    expect(observe(live).problem).toMatch(
      /^canary Ingress shop-web-\w+-canary differs from what .* for Ingress shop: /,
    );
    expect(nginx.plan(aTrafficContext([main], { made: [live] }), percent(5))).toHaveLength(1);
  });

  test('a canary Ingress whose main Ingress left the Service is a problem and goes', () => {
    const context = aTrafficContext([], { made: [made(5)] });
    expect(nginx.observe(context).weight).toBeUndefined();
    expect(nginx.plan(context, percent(5))).toMatchObject([{ verb: 'delete' }]);
  });
});

const withWeight = (live: KubeObject, weight: string) => tagged(live, { [`${PREFIX}canary-weight`]: weight });

describe('rules of a match that are not the wanted ones', () => {
  const wants: Wants = {
    total: 100,
    match: { headers: [{ name: 'X-V', value: 'v2' }], cookies: [{ name: 'beta', value: 'always' }] },
  };
  const live = made(matched(0), { wants });
  const observe = (object: KubeObject, wanted = wants) =>
    nginx.observe(aTrafficContext([main], { wants: wanted, made: [object] }));

  test.each(['canary-by-header', 'canary-by-header-value', 'canary-by-header-pattern', 'canary-by-cookie'])(
    'another %s: nobody knows where requests go, and it is put right',
    (key) => {
      const changed = tagged(live, { [PREFIX + key]: 'other' });
      expect(observe(changed).weight).toBeUndefined();
      const context = aTrafficContext([main], { wants, made: [changed] });
      expect(nginx.plan(context, matched(0))).toHaveLength(1);
    },
  );

  test('rules nobody knows of any more still send requests to the canary', () => {
    expect(observe(live, { total: 100 })).toEqual({ weight: 0, matching: true, acknowledged: 'unknown' });
    const context = aTrafficContext([main], { made: [live] });
    expect(nginx.plan(context, percent(0))).toMatchObject([{ verb: 'delete' }]);
  });

  test('rules that somebody added are seen, and taken off', () => {
    const added = tagged(made(5), { [`${PREFIX}canary-by-header`]: 'x' });
    const context = aTrafficContext([main], { made: [added] });
    expect(nginx.observe(context)).toMatchObject({ weight: 5, matching: true });
    expect(nginx.plan(context, percent(5))).toMatchObject([
      {
        patch: [
          { op: 'test' },
          { op: 'remove', path: expect.stringContaining('canary-by-header') as string },
        ],
      },
    ]);
  });

  test('a canary that lets sessions go though they should stay is not sticky', () => {
    const sticky: Wants = { total: 100, sticky: { cookie: 's', maxAgeMs: 60_000 } };
    const behaves = (behavior: string) =>
      tagged(made(matched(5), { wants: sticky }), { [`${PREFIX}affinity-canary-behavior`]: behavior });
    expect(observe(behaves('sticky'), sticky)).toMatchObject({ weight: 5, matching: true });
    expect(observe(behaves('legacy'), sticky)).toEqual({ weight: 5, acknowledged: 'unknown' });
    expect(observe(behaves(''), sticky).weight).toBeUndefined();
  });
});

test('several Ingresses have one weight, or nobody knows which', () => {
  const second = ingress('more', { 'more.example.com': [ingressPath('/', 'web')] });
  const context = aTrafficContext([main, second]);
  const both = nginx.plan(context, percent(5)).map((write) => ('object' in write ? write.object : main));
  const observe = (...objects: KubeObject[]) => nginx.observe({ ...context, made: objects });
  expect(observe(...both).weight).toBe(5);
  expect(observe(both[0]!).weight).toBeUndefined();
  expect(observe(both[0]!, withWeight(both[1]!, '6')).problem).toContain('disagree with each other');
  expect(observe(both[0]!, withWeight(both[1]!, '6'))).toMatchObject({ weight: undefined, most: 6 });
});

test('what two Ingresses say of sessions is on both canaries: they share the upstream', () => {
  const annotations = { [`${PREFIX}affinity-canary-behavior`]: 'legacy' };
  const second = ingress(
    'more',
    { 'more.example.com': [ingressPath('/', 'web')] },
    { metadata: { name: 'more', annotations } },
  );
  const writes = nginx.plan(aTrafficContext([main, second]), percent(5));
  expect(writes).toHaveLength(2);
  for (const write of writes) expect(write).toMatchObject({ object: { metadata: { annotations } } });
});
