import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { aged, IngressWorld } from '../../test/support/ingress-nginx.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { percent } from '../../test/support/traffic.ts';
import { OFF } from '../provider.ts';
import type { Split } from '../provider.ts';

/*
 * What ingress-nginx does without a message, shown with the playground's controller, which behaves the same;
 * and the effect on the objects that Sluice writes. Traps that are refused are in nginx-refusals.test.ts and
 * nginx-wants.test.ts.
 */
const PREFIX = 'nginx.ingress.kubernetes.io/';
const matched = (weight: number): Split => ({ ...percent(weight), matching: true });
const prefixed = (annotations: Record<string, string>) =>
  Object.fromEntries(Object.entries(annotations).map(([key, value]) => [PREFIX + key, value]));
const annotated = (object: KubeObject, annotations: Record<string, string>): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, ...prefixed(annotations) } },
});
const shop = ingress('shop', {
  'shop.example.com': [ingressPath('/', 'web'), ingressPath('/other', 'other')],
});

describe('weights', () => {
  test.each([
    { total: 100, weight: 5 },
    { total: 100, weight: 99 },
    { total: 10_000, weight: 0.25 },
    { total: 10_000, weight: 12.34 },
    { total: 10_000, weight: 100 },
  ])(
    'a weight with a point would be 0, a total below 100 is passed over: $weight% of $total',
    ({ total, weight }) => {
      const world = new IngressWorld(shop);
      world.wants = { total };
      world.go(percent(weight));
      expect(world.share()).toBe(weight);
      expect(world.observe().weight).toBe(weight);
      world.put(annotated(world.canary(), { 'canary-weight': '2.5' }));
      expect(world.share()).toBe(0);
      expect(world.observe().weight).toBeUndefined();
      world.go(percent(weight));
      expect(world.share()).toBe(weight);
    },
  );

  test('“canary: false” makes a second normal Ingress of it: it is deleted instead, never switched', () => {
    const world = new IngressWorld(shop);
    world.go(percent(50));
    world.put(annotated(world.canary(), { canary: 'false' }));
    expect(world.observe().weight).toBeUndefined();
    world.go(OFF);
    expect(world.list().map(({ metadata }) => metadata.name)).toEqual(['shop']);
  });
});

describe('headers and cookies', () => {
  const match = {
    headers: [{ name: 'X-Version', value: 'v[0-9]+', regex: true as const }],
    cookies: [{ name: 'beta', value: 'always' }],
  };

  test('rules hold at weight 0 too, so weight 0 is not off: off deletes', () => {
    const world = new IngressWorld(shop);
    world.wants = { total: 100, match };
    world.go(matched(0));
    const asks = { headers: { 'x-version': 'v12' } };
    expect([world.share(), world.share(asks)]).toEqual([0, 100]);
    expect(world.observe()).toMatchObject({ weight: 0, matching: true });
    world.go(OFF);
    expect([world.share(), world.share(asks), world.list().length]).toEqual([0, 0, 1]);
  });

  test.each([
    { headers: { 'x-version': 'v12' }, want: 100 },
    { headers: { 'x-version': 'no v12 at all' }, want: 20 },
    { headers: { 'x-version': 'v12x', cookie: 'beta=always' }, want: 100 },
    { headers: { 'x-version': 'always' }, want: 20 },
    { headers: { 'x-version': 'never' }, want: 20 },
    { headers: { cookie: 'beta=1' }, want: 20 },
  ])(
    'a pattern is found anywhere, so it is written to cover the whole header: $headers',
    ({ headers, want }) => {
      const world = new IngressWorld(shop);
      world.wants = { total: 100, match };
      world.go(matched(20));
      expect(world.share({ headers })).toBe(want);
    },
  );
});

describe('which requests are split', () => {
  test.each(['Prefix', 'Exact', 'ImplementationSpecific'])(
    'an empty path of a canary meets nothing: "/" is written, with the same path type %s',
    (pathType) => {
      const world = new IngressWorld(
        ingress('shop', { 'shop.example.com': [ingressPath('', 'web', { pathType })] }),
      );
      world.go(percent(50));
      expect(world.share()).toBe(50);
      const bare = JSON.parse(
        JSON.stringify(world.canary()).replace('"path":"/"', '"path":""'),
      ) as KubeObject;
      world.put(bare);
      expect(world.share()).toBe(0);
      expect(world.observe().weight).toBeUndefined();
    },
  );

  test('one path without a counterpart stops the whole canary: only places of the stable Service are written', () => {
    const world = new IngressWorld(shop);
    world.go(percent(50));
    expect([world.share(), world.share({ path: '/other' })]).toEqual([50, 0]);
    world.put(ingress('shop', { 'shop.example.com': [ingressPath('/moved', 'web')] }));
    expect(world.share({ path: '/moved' })).toBe(0);
    expect(world.observe().weight).toBeUndefined();
    world.go(percent(50));
    expect(world.share({ path: '/moved' })).toBe(50);
  });

  test('a port by name and by number are two upstreams: each has its canary', () => {
    const named = ingress('named', {
      'named.example.com': [ingressPath('/', 'web', { port: { name: 'http' } })],
    });
    const world = new IngressWorld(shop, named);
    world.go(percent(50));
    expect([world.share(), world.share({ host: 'named.example.com' })]).toEqual([50, 50]);
    world.remove(world.canary().metadata.name);
    expect([world.share(), world.share({ host: 'named.example.com' })]).toEqual([0, 50]);
    expect(world.observe().weight).toBeUndefined();
  });

  test('the split belongs to the upstream, so a place nobody listed is split as well', () => {
    const unlisted = ingress('unlisted', { 'more.example.com': [ingressPath('/', 'web')] });
    const world = new IngressWorld(shop);
    world.go(percent(50));
    world.put(unlisted);
    expect(world.share({ host: 'more.example.com' })).toBe(50);
  });

  test.each([{ old: false }, { old: true }])(
    'a canary of another class splits nothing; old annotation: $old',
    ({ old }) => {
      const main = old
        ? {
            ...shop,
            metadata: { ...shop.metadata, annotations: { 'kubernetes.io/ingress.class': 'nginx' } },
            spec: { rules: shop.spec?.['rules'] ?? [] },
          }
        : shop;
      const world = new IngressWorld(main);
      world.go(percent(50));
      expect(world.share()).toBe(50);
      const canary = world.canary();
      world.put({ ...canary, spec: { ...canary.spec, ingressClassName: 'nginx-2' } });
      expect(world.share()).toBe(0);
      expect(world.observe().weight).toBeUndefined();
      world.go(percent(50));
      expect([world.share(), world.observe().weight]).toEqual([50, 50]);
    },
  );

  test('without a main Ingress there is nothing to split, and the canary is no catch-all', () => {
    const world = new IngressWorld(shop);
    world.go(percent(100));
    world.remove('shop');
    expect(world.route()).toMatchObject({ status: 404 });
    world.go(percent(100));
    expect(world.list()).toEqual([]);
  });

  test('of two canaries the older one works: one that somebody makes in mid-release takes nothing from ours', () => {
    const world = new IngressWorld(shop);
    world.go(percent(50));
    const theirs = ingress('theirs', { 'shop.example.com': [ingressPath('/', 'other')] });
    world.put(annotated(theirs, { canary: 'true', 'canary-weight': '100' }));
    expect(world.route({}, 0.9).labels?.canary).toBe('');
    expect(world.route({}, 0.1).labels?.canary).toBe('shop-web-canary-80');
    expect(world.refusals()[0]).toContain(
      'Ingress theirs is already a canary Ingress for shop.example.com/,',
    );
  });
});

describe('the age of Ingresses', () => {
  const names = ingress('by-hand', { 'by-hand.example.com': [ingressPath('/', 'web-canary')] });

  test('a normal Ingress that names the canary Service is served nothing while a canary Ingress is older', () => {
    const world = new IngressWorld(shop);
    world.go(percent(50));
    world.put(names);
    expect(world.route({ host: 'by-hand.example.com' })).toMatchObject({ status: 404 });
    expect(world.share()).toBe(50);
  });

  test('and silently makes every weight 0 while it is older: such a release does not begin', () => {
    const world = new IngressWorld(shop, names);
    world.go(percent(50));
    expect(world.share()).toBe(0);
  });

  test('a main Ingress that is made anew in mid-release is split as before', () => {
    const world = new IngressWorld(shop);
    world.go(percent(50));
    world.remove('shop');
    world.put(shop);
    expect(
      aged(world.list())
        .map(({ metadata }) => metadata.name)
        .at(-1),
    ).toBe('shop');
    expect([world.share(), world.observe().weight]).toEqual([50, 50]);
  });
});

describe('endpoints', () => {
  test('a canary without a ready pod gets nothing, and its share goes to stable', () => {
    const world = new IngressWorld(shop);
    world.ready = { web: ['10.0.0.1'], 'web-canary': ['-10.0.0.2'] };
    world.go(percent(100));
    expect(world.route()).toMatchObject({ to: [{ host: '10.0.0.1' }], labels: { canary: '' } });
  });

  test('a stable Service without a ready pod is 503 even at weight 100: stable stays at full size until the end', () => {
    const world = new IngressWorld(shop);
    world.ready = { web: ['-10.0.0.1'], 'web-canary': ['10.0.0.2'] };
    world.go(percent(100));
    expect(world.route()).toMatchObject({ status: 503 });
  });
});

describe('sessions (affinity: cookie)', () => {
  const sticky = annotated(shop, {
    affinity: 'cookie',
    'session-cookie-name': 's',
    'session-cookie-max-age': '60',
  });
  const cookieOf = (world: IngressWorld): string => {
    const routed = world.route();
    const header = 'edits' in routed ? routed.edits.response[0]?.add['Set-Cookie'] : undefined;
    return header?.split(';')[0] ?? '';
  };

  /** A release at 100%, and a client that reached its canary. */
  function released(main = sticky): { world: IngressWorld; client: { headers: { cookie: string } } } {
    const world = new IngressWorld(main);
    world.go(percent(100));
    return { world, client: { headers: { cookie: cookieOf(world) } } };
  }

  test('a client of the canary would stay there at weight 0; OFF deletes, and it is on stable at once', () => {
    const { world, client } = released();
    expect(world.share(client)).toBe(100);
    world.put(annotated(world.canary(), { 'canary-weight': '0' }));
    expect([world.share(), world.share(client)]).toEqual([0, 100]);
    expect(world.observe().weight).toBeUndefined();
    world.go(OFF);
    expect([world.share(), world.share(client)]).toEqual([0, 0]);
    expect(world.observe()).toEqual({ weight: 0, acknowledged: 'unknown' });
  });

  test('OFF needs no knowledge of what was wanted', () => {
    const world = new IngressWorld(sticky);
    world.wants = { total: 100, sticky: { cookie: 's', maxAgeMs: 60_000 } };
    world.go(matched(50));
    world.wants = { total: 100 };
    world.go(OFF);
    expect(world.list()).toHaveLength(1);
  });

  test('the next release has the clients of the last canary from its first percent on, if sessions are sticky', () => {
    const { world, client } = released();
    world.go(OFF);
    world.go(percent(1));
    expect([world.share(), world.share(client)]).toEqual([1, 100]);
  });

  test('legacy holds nobody on a canary, old cookies included', () => {
    const { world, client } = released();
    world.go(OFF);
    world.put(annotated(sticky, { 'affinity-canary-behavior': 'legacy' }));
    world.go(percent(1));
    expect([world.share(), world.share(client)]).toEqual([1, 1]);
  });

  test('a client of stable never moves, whatever the weight and whatever it asks for', () => {
    const world = new IngressWorld(sticky);
    const client = { headers: { cookie: cookieOf(world), 'x-beta': 'yes' } };
    world.wants = { total: 100, match: { headers: [{ name: 'X-Beta', value: 'yes' }], cookies: [] } };
    world.go(matched(99));
    expect([world.share(client), world.share({ headers: { 'x-beta': 'yes' } })]).toEqual([0, 100]);
  });
});

test('a canary Ingress of another namespace takes part, and cannot be seen from this one', () => {
  const theirs = annotated(ingress('theirs', { 'shop.example.com': [ingressPath('/', 'other')] }), {
    canary: 'true',
    'canary-weight': '100',
  });
  const world = new IngressWorld(shop);
  expect(world.refusals()).toEqual([]);
  world.put({ ...theirs, metadata: { ...theirs.metadata, namespace: 'team' } });
  world.go(percent(50));
  expect(world.share()).toBe(0);
});
