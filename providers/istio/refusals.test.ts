import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { destination, httpTo, virtualService } from '../../test/support/istio.ts';
import { aTrafficContext } from '../../test/support/traffic.ts';
import { istio } from './istio.ts';
import type { Wants } from '../provider.ts';

const MIRROR = { mirror: 10 };
const STICKY = { sticky: { cookie: 'stay', maxAgeMs: 1000 } };
const MATCH = { match: { headers: [{ name: 'X-Group', value: 'beta' }], cookies: [] } };
const COOKIE = { match: { headers: [], cookies: [{ name: 'group', value: 'beta' }] } };

/** What is refused of routes when there are other VirtualServices. */
function refused(wants: Partial<Wants>, routes: KubeObject[], others: KubeObject[] = []): string[] {
  const context = aTrafficContext(routes, {
    wants: { total: 100, ...wants },
    others: [...routes, ...others],
  });
  const refusals = istio.refuse(context);
  for (const { reason, sentence } of refusals) {
    expect(reason).toBe('StrategyUnsupported');
    expect(sentence).toMatch(/; [a-z].*\.$/);
  }
  return refusals.map(({ sentence }) => sentence);
}

const to = (more: JsonObject = {}, web: JsonObject = {}) => httpTo('/', [destination('web', web)], more);
const one = (...routes: JsonObject[]) => virtualService('shop', routes);

describe('a route that is asked for more than weights is refused', () => {
  const entry = (headers: JsonObject) => ({ match: [{ uri: { prefix: '/' }, headers }] });
  const setCookie = (how: string) => ({ headers: { response: { [how]: { 'set-cookie': 'a=b' } } } });
  test.each<[string, Partial<Wants>, JsonObject, RegExp]>([
    ['copies beside the field mirror', MIRROR, to({ mirror: { host: 'audit' } }), /spec\.mirror .* mirrors/],
    [
      'a condition on a header that has one',
      MATCH,
      to(entry({ 'x-group': { regex: 'b.*' } })),
      /spec\.match .* on the header x-group/,
    ],
    [
      'clients that stay where cookies are matched',
      STICKY,
      to(entry({ Cookie: { regex: '.*user=.*' } })),
      /spec\.stickiness .* on the header cookie/,
    ],
    [
      'a header that the route leaves out',
      MATCH,
      to({ match: [{ withoutHeaders: { 'X-Group': {} } }] }),
      /excludes them, so no request could meet both/,
    ],
    ['what nobody could meet', MATCH, to(entry({ 'x-group': { exact: 'alpha' } })), /no request could meet/],
    [
      'a cookie where the route sets one',
      STICKY,
      to(setCookie('set')),
      /headers\.response of http route 1 of VirtualService shop changes Set-Cookie/,
    ],
    [
      'a cookie where the route takes them away',
      STICKY,
      to({ headers: { response: { remove: ['Set-Cookie'] } } }),
      /headers\.response of http route 1/,
    ],
    [
      'a cookie where the destination adds one',
      STICKY,
      to({}, setCookie('add')),
      /of the destination web of/,
    ],
    [
      'a cookie where the destination sets one',
      STICKY,
      to({}, setCookie('set')),
      /of the destination web of/,
    ],
  ])('%s', (_name, wants, route, words) => {
    expect(refused({}, [one(route)])).toEqual([]);
    const [sentence, ...more] = refused(wants, [one(route)]);
    expect(sentence).toMatch(words);
    expect(more).toEqual([]);
  });

  test('a cookie whose expression istiod would refuse', () => {
    const cookies = [{ name: 'group', value: '.'.repeat(512) }];
    const words = /^spec\.match\.cookies .* cookie group .* 1024 characters/;
    expect(refused({ match: { headers: [], cookies } }, [one(to())])).toEqual([expect.stringMatching(words)]);
    const fits = [{ name: 'group', value: 'b'.repeat(512) }];
    expect(refused({ match: { headers: [], cookies: fits } }, [one(to())])).toEqual([]);
  });

  test.each(['tls', 'tcp'])('a %s route, whatever it is', (list) => {
    const given = virtualService('shop', [to()], { [list]: [{ route: [destination('web')] }] });
    expect(refused({}, [given])).toEqual([]);
    const sentences = refused({ ...MIRROR, ...MATCH, ...STICKY }, [given]);
    expect(sentences).toHaveLength(3);
    for (const field of ['spec.match', 'spec.mirror', 'spec.stickiness']) {
      expect(sentences).toContainEqual(
        expect.stringMatching(
          new RegExp(`^${field} .* ${list} route 1 of VirtualService shop .*leave ${field} out`),
        ),
      );
    }
  });

  test.each(['URI', 'scheme', 'method', 'authority'])('a header called %s, which Istio ignores', (name) => {
    const match = { headers: [{ name, value: 'x' }], cookies: [] };
    for (const routes of [[one(to())], []]) {
      expect(refused({ match }, routes)).toEqual([expect.stringMatching(/Istio ignores a condition/)]);
    }
  });
});

test.each<[string, Partial<Wants>, JsonObject]>([
  ['copies beside mirrors', MIRROR, to({ mirrors: [{ destination: { host: 'audit' } }] })],
  ['copies of a route without any', MIRROR, to()],
  ['a header beside others', MATCH, to({ match: [{ headers: { 'x-b': { exact: 'b' } } }] })],
  ['a header that only has to be there', MATCH, to({ match: [{ headers: { 'x-group': {} } }] })],
  [
    'one entry of two that could be met',
    MATCH,
    {
      ...to(),
      match: [{ headers: { 'x-group': { exact: 'alpha' } } }, { uri: { prefix: '/' } }],
    },
  ],
  ['a cookie beside other headers', STICKY, to({ headers: { response: { add: { 'Set-Cookie': 'a=b' } } } })],
  [
    'a cookie where the destination takes those of the application away',
    STICKY,
    to(
      {},
      {
        headers: { response: { remove: ['set-cookie'] } },
      },
    ),
  ],
])('%s: can be done', (_name, wants, route) => {
  expect(refused(wants, [one(route)])).toEqual([]);
});

describe('a delegate', () => {
  const delegate = (route: JsonObject): KubeObject => ({
    ...virtualService('inner', []),
    spec: { http: [route] },
  });
  const root = (more: JsonObject, namespace: JsonObject = {}) =>
    virtualService('outer', [{ delegate: { name: 'inner', ...namespace }, ...more }]);
  const anything = { route: [destination('web')] };
  test.each<[string, Partial<Wants>, JsonObject, JsonObject]>([
    ['loses the root’s mirrors', MIRROR, anything, { mirrors: [{ destination: { host: 'audit' } }] }],
    [
      'loses the root’s mirrors with an empty list, too',
      MIRROR,
      { ...anything, mirrors: [] },
      { mirrors: [{ destination: { host: 'audit' } }] },
    ],
    [
      'cannot ask for another value',
      MATCH,
      anything,
      { match: [{ headers: { 'X-Group': { exact: 'alpha' } } }] },
    ],
    [
      'cannot ask for more than an expression',
      MATCH,
      anything,
      { match: [{ headers: { 'x-group': { regex: 'b' } } }] },
    ],
    [
      'cannot ask for a header that is left out',
      MATCH,
      anything,
      { match: [{ withoutHeaders: { 'X-Group': {} } }] },
    ],
    [
      'cannot ask twice for cookies',
      COOKIE,
      anything,
      { match: [{ headers: { cookie: { exact: 'a=b' } } }] },
    ],
    [
      'without a match, under one that ignores case',
      MATCH,
      anything,
      { match: [{ uri: { prefix: '/' }, ignoreUriCase: true }] },
    ],
    ['without a match, under one by namespace', MATCH, anything, { match: [{ sourceNamespace: 'front' }] }],
    [
      'under one good and one bad match',
      MATCH,
      anything,
      { match: [{}, { headers: { 'x-group': { prefix: 'b' } } }] },
    ],
  ])('%s', (_name, wants, route, above) => {
    expect(refused(wants, [delegate(route)])).toEqual([]);
    const [sentence, ...more] = refused(wants, [delegate(route)], [root(above)]);
    expect(sentence).toContain('VirtualService outer');
    expect(more).toEqual([]);
    expect(refused(wants, [delegate(route)], [root(above, { namespace: 'other' })])).toEqual([]);
    expect(refused(wants, [delegate(route)], [root(above, { namespace: 'shop' })])).toHaveLength(1);
  });

  test.each<[string, Partial<Wants>, JsonObject, JsonObject]>([
    [
      'keeps the mirrors it has',
      MIRROR,
      { ...anything, mirrors: [{ destination: { host: 'audit' } }] },
      { mirrors: [{ destination: { host: 'audit' } }] },
    ],
    ['has the same value', MATCH, anything, { match: [{ headers: { 'x-group': { exact: 'beta' } } }] }],
    [
      'is under other headers',
      MATCH,
      anything,
      { match: [{ uri: { prefix: '/' }, headers: { 'x-b': { exact: 'b' } } }] },
    ],
    [
      'ignores case as the root does',
      MATCH,
      to({ match: [{ uri: { prefix: '/' }, ignoreUriCase: true }] }),
      {
        match: [{ uri: { prefix: '/' }, ignoreUriCase: true }],
      },
    ],
    ['is under a root that copies by mirror', MIRROR, anything, { mirror: { host: 'audit' } }],
  ])('%s: can be done', (_name, wants, route, above) => {
    expect(refused(wants, [delegate(route)], [root(above)])).toEqual([]);
  });
});

test('a VirtualService in which istiod finds an error is refused; one that has warnings is not', () => {
  const object = one(to());
  const status = (level: string) => ({
    observedGeneration: '1',
    validationMessages: [{ level, type: { code: 'IST0101', name: 'ReferencedResourceNotFound' } }],
  });
  const analysed = (level: string): KubeObject => ({
    ...object,
    metadata: { ...object.metadata, generation: 1 },
    status: status(level),
  });
  expect(istio.refuse(aTrafficContext([analysed('WARNING')]))).toEqual([]);
  expect(istio.refuse(aTrafficContext([analysed('ERROR')]))).toEqual([
    {
      reason: 'RouteRejected',
      sentence:
        'istiod finds IST0101 (ReferencedResourceNotFound) in VirtualService shop, so no weight could ever be confirmed; correct it, or exclude the VirtualService by listing the others in the annotation sluice.dev/route.',
    },
  ]);
  const edited = { ...analysed('ERROR'), metadata: { ...object.metadata, generation: 2 } };
  expect(istio.refuse(aTrafficContext([edited]))).toEqual([]);
  const originals = istio.record(aTrafficContext([object]));
  expect(istio.refuse(aTrafficContext([analysed('ERROR')], { originals }))).toEqual([]);
  expect(istio.observe(aTrafficContext([analysed('ERROR')], { originals }))).toMatchObject({
    acknowledged: 'pending',
    problem: 'istiod finds IST0101 (ReferencedResourceNotFound) in VirtualService shop',
  });
});
