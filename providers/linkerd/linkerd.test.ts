import { describe, expect, test } from 'vitest';
import { renderQuery } from '../../api/query.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { serviceProfile, trafficSplit } from '../../test/support/linkerd.ts';
import { backend, httpRoute, rule } from '../../test/support/routes.ts';
import { aTrafficContext, percent } from '../../test/support/traffic.ts';
import { linkerd } from './linkerd.ts';
import { linkerdPresets } from './presets.ts';
import type { TrafficContext } from '../provider.ts';
import { trafficVariables } from '../index.ts';

const context = (change: Partial<TrafficContext> = {}) => aTrafficContext([], change);

/** The TrafficSplit as it was made and then set to a weight. */
function made(weight: number): KubeObject {
  const [write] = linkerd.plan(context(), percent(Math.max(weight, 1)));
  if (write?.verb !== 'create') throw new Error('nothing is made');
  const live = { ...write.object, metadata: { ...write.object.metadata, uid: 'uid-split' } };
  const [next] = linkerd.plan(context({ made: [live] }), percent(weight));
  return next?.verb === 'apply' ? { ...live, spec: next.object.spec ?? {} } : live;
}

describe('what is written', () => {
  test('a TrafficSplit with the stable Service as its own leaf, in whole numbers', () => {
    expect(made(5)).toMatchObject({
      apiVersion: 'split.smi-spec.io/v1alpha1',
      metadata: { name: 'web-canary', namespace: 'shop', ownerReferences: [{ name: 'web' }] },
      spec: {
        service: 'web',
        backends: [
          { service: 'web', weight: 95 },
          { service: 'web-canary', weight: 5 },
        ],
      },
    });
  });

  test('two leaves also at weight 0: with one alone Linkerd would not look at weights', () => {
    const writes = linkerd.plan(context({ made: [made(50)] }), percent(0));
    expect(writes).toMatchObject([
      { verb: 'apply', object: { spec: { backends: [{ weight: 100 }, { weight: 0 }] } } },
    ]);
    expect(linkerd.cleanup(context({ made: [made(0)] }))).toMatchObject([
      { verb: 'delete', ref: { resource: { kind: 'TrafficSplit' }, name: 'web-canary' }, uid: 'uid-split' },
    ]);
  });

  const fine = { wants: { total: 10_000 } };
  const backendsOf = (writes: ReturnType<typeof linkerd.plan>) =>
    writes.map((write) => ('object' in write ? write.object.spec?.['backends'] : undefined));

  test('fractions of a percent are whole numbers of a larger sum', () => {
    expect(backendsOf(linkerd.plan(context(fine), percent(0.25)))).toEqual([
      [
        { service: 'web', weight: 9975 },
        { service: 'web-canary', weight: 25 },
      ],
    ]);
  });

  test('the sum stays what it was made with, though the policy cannot be read any more', () => {
    const [write] = linkerd.plan(context(fine), percent(0.25));
    if (write?.verb !== 'create') throw new Error('nothing is made');
    const unread = context({ made: [write.object] });
    expect(linkerd.observe(unread).weight).toBe(0.25);
    expect(backendsOf(linkerd.plan(unread, percent(0)))).toEqual([
      [
        { service: 'web', weight: 10_000 },
        { service: 'web-canary', weight: 0 },
      ],
    ]);
  });

  test('at weight 100 the apex stays a leaf, with weight 0', () => {
    expect(backendsOf(linkerd.plan(context({ made: [made(50)] }), percent(100)))).toEqual([
      [
        { service: 'web', weight: 0 },
        { service: 'web-canary', weight: 100 },
      ],
    ]);
  });

  test('what was made for another Service of the target goes', () => {
    const stray = { ...made(5), metadata: { ...made(5).metadata, name: 'old-canary', uid: 'uid-old' } };
    expect(linkerd.plan(context({ made: [stray, made(5)] }), percent(5))).toMatchObject([
      { verb: 'delete', uid: 'uid-old' },
    ]);
    for (const both of [
      [stray, made(5)],
      [made(5), stray],
    ]) {
      expect(linkerd.observe(context({ made: both })).weight).toBeUndefined();
    }
  });
});

describe('what is observed', () => {
  const seen = (split: KubeObject[], profiles: KubeObject[]) =>
    linkerd.observe(context({ made: split, others: profiles }));

  test.each<[string, { split: KubeObject[]; profiles: KubeObject[]; problem?: RegExp }]>([
    [
      'the same weights',
      { split: [made(5)], profiles: [serviceProfile('web', { web: 95, 'web-canary': 5 })] },
    ],
    [
      'older weights',
      {
        split: [made(5)],
        profiles: [serviceProfile('web', { web: 100, 'web-canary': 0 })],
        problem: /does not hold/,
      },
    ],
    [
      'one leaf too many',
      {
        split: [made(5)],
        profiles: [serviceProfile('web', { web: 95, 'web-canary': 5, x: 1 })],
        problem: /does not hold/,
      },
    ],
    [
      'those of another Service',
      {
        split: [made(5)],
        profiles: [serviceProfile('api', { web: 95, 'web-canary': 5 })],
        problem: /SMI extension/,
      },
    ],
    ['nothing, as there is no split', { split: [], profiles: [serviceProfile('web')] }],
    [
      'what is left of a split',
      {
        split: [],
        profiles: [serviceProfile('web', { web: 50, 'web-canary': 50 })],
        problem: /still sends/,
      },
    ],
  ])('the ServiceProfile holds %s', (_name, { split, profiles, problem }) => {
    const observed = seen(split, profiles);
    expect(observed.acknowledged).toBe(problem === undefined ? 'yes' : 'pending');
    if (problem === undefined) expect(observed.problem).toBeUndefined();
    else expect(observed.problem).toMatch(problem);
  });

  test.each([
    ['10k', 0, 'yes'],
    ['9k', '1k', 'yes'],
    ['9.5k', '500', 'yes'],
    ['9975', '25000m', 'yes'],
    ['9k', 'many', 'pending'],
    ['9975', '2500m', 'pending'],
  ])('Quantities are numbers: %s and %s', (stable, canary, acknowledged) => {
    const share = { '10k': 0, '9k': 10, '9.5k': 5, '9975': 0.25 }[stable] ?? 0;
    const [write] = linkerd.plan(context({ wants: { total: 10_000 } }), percent(Math.max(share, 0.01)));
    if (write?.verb !== 'create') throw new Error('nothing is made');
    const [next] = linkerd.plan(context({ made: [write.object], wants: { total: 10_000 } }), percent(share));
    const profile = serviceProfile('web', { web: 1, 'web-canary': 1 });
    const dstOverrides = [stable, canary].map((weight, i) => ({
      ...(profile.spec?.['dstOverrides'] as JsonObject[])[i],
      weight,
    }));
    const live = next !== undefined && 'object' in next ? next.object : write.object;
    expect(seen([live], [{ ...profile, spec: { dstOverrides } }]).acknowledged).toBe(acknowledged);
  });

  test('what the extension wrote while somebody had changed the apex is told', () => {
    const good = serviceProfile('web', { web: 95, 'web-canary': 5 });
    const left = serviceProfile('other', { web: 95, 'web-canary': 5 });
    const problem =
      'ServiceProfile other.shop.svc.cluster.local sends to Service web-canary too; remove its spec.dstOverrides';
    expect(seen([made(5)], [good, left])).toEqual({ weight: 5, acknowledged: 'pending', problem });
    expect(seen([], [serviceProfile('web'), left])).toMatchObject({ weight: 0, problem });
  });

  test('overrides to a Service of the same name elsewhere are not ours', () => {
    const profile = serviceProfile('web', { web: 95, 'web-canary': 5 });
    const elsewhere = JSON.parse(
      JSON.stringify(profile).replace('web-canary.shop.svc', 'web-canary.other.svc'),
    ) as KubeObject;
    expect(seen([made(5)], [elsewhere])).toMatchObject({ acknowledged: 'pending', problem: /does not hold/ });
  });

  test.each([
    [['v1alpha4'], 'unknown'],
    [['v1alpha3'], 'unknown'],
    [['v1alpha4', 'v1alpha2'], 'pending'],
    [['v1alpha1'], 'pending'],
    [[], 'pending'],
  ])('written as %j, a TrafficSplit is %s without a ServiceProfile', (versions, acknowledged) => {
    const managedFields = versions.map((version) => ({ apiVersion: `split.smi-spec.io/${version}` }));
    const live = { ...made(5), metadata: { ...made(5).metadata, managedFields } };
    expect(seen([live], [])).toMatchObject({ weight: 5, acknowledged });
  });

  test('a TrafficSplit that somebody changed has no weight', () => {
    const half = { ...made(50), spec: { ...made(50).spec, service: 'other' } };
    expect(seen([half], [])).toMatchObject({ weight: undefined, problem: /changed by somebody else/ });
  });
});

test.each([
  ['web', 'web-v1', true],
  ['api', 'web', true],
  ['web.shop.svc.cluster.local', 'web-v1', true],
  ['api', 'web.shop', false],
  ['web.other.svc.cluster.local', 'web-canary', false],
])('a TrafficSplit of %s with the leaf %s names the Service: %s', (apex, leaf, named) => {
  expect(linkerd.names(trafficSplit('mine', apex, { [leaf]: 1 }), 'web')).toBe(named);
});

describe('what is refused', () => {
  const profile = serviceProfile('web', { web: 1 });
  const skipped = {
    ...serviceProfile('web'),
    metadata: { ...serviceProfile('web').metadata, annotations: { 'smi.linkerd.io/skip': '' } },
  };
  const headless = { ...context().stableService, spec: { clusterIP: 'None' } };
  const mesh = httpRoute('mesh', [rule('/', [backend('web')])], {
    parentRefs: [{ kind: 'Service', group: 'core', name: 'web', port: 80 }],
  });
  test.each<[string, TrafficContext, string]>([
    [
      'a TrafficSplit of the user',
      aTrafficContext([trafficSplit('mine', 'web', { 'web-v1': 1 })]),
      'TrafficSplit mine',
    ],
    ['overrides in the ServiceProfile', context({ others: [profile] }), 'spec.dstOverrides'],
    ['a ServiceProfile the extension ignores', context({ others: [skipped] }), 'smi.linkerd.io/skip'],
    [
      'another TrafficSplit of its name',
      context({ others: [trafficSplit('web-canary', 'api', { api: 1 })] }),
      'TrafficSplit web-canary exists',
    ],
    ['a headless Service', context({ stableService: headless }), 'spec.clusterIP'],
    ['an HTTPRoute of the mesh', context({ others: [mesh] }), 'HTTPRoute mesh is attached'],
    [
      'a GRPCRoute of the mesh',
      context({ others: [{ ...mesh, kind: 'GRPCRoute' }] }),
      'GRPCRoute mesh is attached',
    ],
    [
      'overrides that send somewhere else',
      context({ others: [serviceProfile('web', { 'web-v2': 1, 'web-canary': 0 })] }),
      'spec.dstOverrides',
    ],
    [
      'overrides of another Service that send to the canary',
      context({ others: [serviceProfile('other', { web: 100, 'web-canary': 0 })] }),
      'ServiceProfile other.shop.svc.cluster.local sends to Service web-canary too',
    ],
    [
      'overrides that still send to the canary',
      context({ others: [serviceProfile('web', { web: 50, 'web-canary': 50 })] }),
      'spec.dstOverrides',
    ],
    [
      'matches',
      context({ wants: { total: 100, match: { headers: [{ name: 'a', value: 'b' }], cookies: [] } } }),
      'spec.match of the policy: a TrafficSplit cannot choose requests',
    ],
    [
      'copies',
      context({ wants: { total: 100, mirror: 10 } }),
      'spec.mirror of the policy: nothing in Linkerd',
    ],
    [
      'clients that stay',
      context({ wants: { total: 100, sticky: { cookie: 'c', maxAgeMs: 1000 } } }),
      'spec.stickiness of the policy: a TrafficSplit cannot set cookies',
    ],
  ])('%s', (_name, given, words) => {
    const [refusal, ...more] = linkerd.refuse(given);
    expect(more).toEqual([]);
    expect(refusal?.sentence).toContain(words);
    expect(refusal?.sentence).toMatch(/; [a-z].*\.$/);
  });

  test('neither profiles nor routes of others are in the way', () => {
    const edge = httpRoute('edge', [rule('/', [backend('web')])]);
    const others = [serviceProfile('web'), serviceProfile('api', { api: 1 }), edge];
    expect(linkerd.refuse(context({ others }))).toEqual([]);
  });

  test('nor is what a TrafficSplit of ours left when the extension was down', () => {
    const left = serviceProfile('web', { web: 100, 'web-canary': 0 });
    expect(linkerd.refuse(context({ others: [left] }))).toEqual([]);
  });
});

test('the pods’ own proxies count, by the Deployments of the arms', () => {
  const variables = { ...trafficVariables(context()), canaryDeployment: 'web-canary' };
  const of = (deployment: string) =>
    `{direction="inbound",namespace="shop",deployment="${deployment}",target_port!="4191",route_name!="probe"`;
  const rendered = (query: string) => renderQuery(query, variables);
  expect(rendered(linkerdPresets.errorRate.canary.bad)).toEqual({
    ok: true,
    query: `response_total${of('web-canary')},classification="failure"}`,
  });
  expect(rendered(linkerdPresets.errorRate.stable.total)).toEqual({
    ok: true,
    query: `response_total${of('web')}}`,
  });
  expect(rendered(linkerdPresets.latency?.stable.buckets ?? '')).toEqual({
    ok: true,
    query: `response_latency_ms_bucket${of('web')}}`,
  });
});
