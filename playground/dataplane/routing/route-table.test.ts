import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { seeded } from '../../../lib/random.ts';
import { RouteTable } from './route-table.ts';
import {
  backends,
  gateway,
  httpRoute,
  ref,
  request,
  shares,
} from '../../../test/support/dataplane-objects.ts';

const tableOf = (http: KubeObject[], behind = TWO, grpc: KubeObject[] = []): RouteTable =>
  new RouteTable({ http, grpc, gateways: [gateway()] }, behind);
const TWO = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'] });

describe('an HTTPRoute', () => {
  it.each([
    { refs: [ref('shop', 95), ref('shop-canary', 5)], want: { shop: 0.95, 'shop-canary': 0.05 } },
    { refs: [ref('shop', 3), ref('shop-canary')], want: { shop: 0.75, 'shop-canary': 0.25 } },
    { refs: [ref('shop', 100), ref('shop-canary', 0)], want: { shop: 1 } },
    { refs: [ref('shop', 0), ref('shop-canary', 0)], want: { '500': 1 } },
    { refs: [ref('shop', 90), ref('gone', 10)], want: { shop: 0.9, '500': 0.1 } },
    { refs: [ref('shop', 90), { name: 'shop', weight: 10 }], want: { shop: 0.9, '500': 0.1 } },
  ])('splits $refs into $want', ({ refs, want }) => {
    const found = shares(tableOf([httpRoute([{ backendRefs: refs }])]));
    expect(Object.keys(found).sort()).toEqual(Object.keys(want).sort());
    for (const [key, value] of Object.entries(want)) expect(found[key]).toBeCloseTo(value, 1);
  });

  it('answers 503 for the share of a backend without endpoints, under its own name', () => {
    const dead = backends({ shop: ['10.0.0.1'], 'shop-canary': [] });
    const table = tableOf([httpRoute([{ backendRefs: [ref('shop', 80), ref('shop-canary', 20)] }])], dead);
    expect(shares(table)['503']).toBeCloseTo(0.2, 1);
    expect(table.route(request(), () => 0.99)).toMatchObject({
      status: 503,
      labels: { service: 'shop-canary' },
    });
  });

  it('prefers the most specific match over all routes, then the oldest', () => {
    const rule = (service: string, match: JsonObject): JsonObject => ({
      matches: [match],
      backendRefs: [ref(service)],
    });
    const prefix = (value: string): JsonObject => ({ path: { type: 'PathPrefix', value } });
    const header = { headers: [{ name: 'X-A', value: '1' }] };
    const table = tableOf(
      [
        httpRoute([rule('young', prefix('/a'))], { name: 'young', created: '2026-03-01T00:00:00Z' }),
        httpRoute([rule('old', prefix('/a')), rule('long', prefix('/a/b')), rule('any', {})]),
        httpRoute([
          rule('exact', { path: { type: 'Exact', value: '/a' } }),
          rule('header', { ...prefix('/a'), ...header }),
        ]),
      ],
      backends({ young: ['1'], old: ['2'], long: ['3'], any: ['4'], exact: ['5'], header: ['6'] }),
    );
    const to = (path: string, headers = {}) =>
      table.route(request(path, { headers }), () => 0).labels?.service;
    expect(to('/a')).toBe('exact');
    expect(to('/a/x')).toBe('old');
    expect(to('/a/x', { 'x-a': '1' })).toBe('header');
    expect(to('/a/b/c', { 'x-a': '1' })).toBe('long');
    expect(to('/ab')).toBe('any');
  });

  it('is told apart by host name', () => {
    const only = httpRoute([{ backendRefs: [ref('shop')] }], { hostnames: ['*.example'] });
    const table = tableOf([only]);
    expect(table.route(request('/', { host: 'a.example' }), () => 0)).toMatchObject({
      labels: { service: 'shop' },
    });
    expect(table.route(request('/', { host: 'elsewhere' }), () => 0)).toMatchObject({ status: 404 });
  });
});

describe('the filters of an HTTPRoute', () => {
  const mirror = (more: JsonObject = {}): JsonObject => ({
    type: 'RequestMirror',
    requestMirror: { backendRef: ref('shop-canary'), ...more },
  });
  const send = (rule: JsonObject, random = () => 0, behind = TWO) =>
    tableOf([httpRoute([{ backendRefs: [ref('shop')], ...rule }])], behind).route(request(), random);

  it.each([
    { more: {}, want: 1 },
    { more: { percent: 0 }, want: 0 },
    { more: { percent: 20 }, want: 0.2 },
    { more: { fraction: { numerator: 1, denominator: 4 } }, want: 0.25 },
    { more: { fraction: { numerator: 5 } }, want: 0.05 },
  ])('copy $want of the requests with $more', ({ more, want }) => {
    const table = tableOf([httpRoute([{ backendRefs: [ref('shop')], filters: [mirror(more)] }])]);
    expect(copied(table)).toBeCloseTo(want, 1);
    expect(shares(table)).toEqual({ shop: expect.closeTo(1) as number });
  });

  it('copy to every mirror, and to none that has no endpoint', () => {
    expect(send({ filters: [mirror(), mirror()] })).toMatchObject({
      copies: [{ labels: { service: 'shop-canary' } }, { labels: { service: 'shop-canary' } }],
    });
    const dead = backends({ shop: ['10.0.0.1'], 'shop-canary': [] });
    expect(send({ filters: [mirror()] }, () => 0, dead)).toMatchObject({
      labels: { service: 'shop' },
      copies: [],
    });
  });

  it('change headers, those of the rule before those of the backend', () => {
    const cookie = { name: 'Set-Cookie', value: 'sticky=web-7; Max-Age=60' };
    const backendRefs = [
      {
        ...ref('shop'),
        filters: [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { add: [cookie] } }],
      },
    ];
    const filters = [
      {
        type: 'RequestHeaderModifier',
        requestHeaderModifier: { set: [{ name: 'x-a', value: '1' }], remove: ['x-b'] },
      },
      { type: 'ResponseHeaderModifier', responseHeaderModifier: { remove: ['x-c'] } },
    ];
    expect(send({ backendRefs, filters })).toMatchObject({
      edits: {
        request: [{ set: { 'x-a': '1' }, add: {}, remove: ['x-b'] }],
        response: [{ remove: ['x-c'] }, { add: { 'Set-Cookie': cookie.value } }],
      },
    });
  });

  it('are never skipped: what cannot be done is answered 500, for a backend its share', () => {
    const rewrite = { type: 'ExtensionRef', extensionRef: { group: 'a.b', kind: 'C', name: 'd' } };
    expect(send({ filters: [rewrite] })).toMatchObject({
      status: 500,
      why: 'filter ExtensionRef is not supported',
    });
    const backendRefs = [ref('shop', 80), { ...ref('shop-canary', 20), filters: [rewrite] }];
    const found = shares(tableOf([httpRoute([{ backendRefs }])]));
    expect(found).toEqual({
      shop: expect.closeTo(0.8, 1) as number,
      '500': expect.closeTo(0.2, 1) as number,
    });
  });
});

describe('a match of headers', () => {
  const match = (type: string, name: string, value: string): JsonObject => ({
    matches: [{ headers: [{ type, name, value }] }],
    backendRefs: [ref('shop-canary')],
  });
  const COOKIE = match('RegularExpression', 'cookie', '(?:.*; *)?beta=always(?:;.*)?');
  const BROKEN = match('RegularExpression', 'x-beta', '(');

  it.each([
    { rule: match('Exact', 'X-Beta', 'always'), headers: { 'x-beta': 'always' }, want: 'shop-canary' },
    { rule: match('Exact', 'X-Beta', 'always'), headers: { 'x-beta': 'always!' }, want: 'shop' },
    {
      rule: match('RegularExpression', 'x-beta', 'al.*'),
      headers: { 'x-beta': 'always' },
      want: 'shop-canary',
    },
    { rule: match('RegularExpression', 'x-beta', 'al'), headers: { 'x-beta': 'always' }, want: 'shop' },
    { rule: COOKIE, headers: { cookie: 'a=1; beta=always; b=2' }, want: 'shop-canary' },
    { rule: COOKIE, headers: { cookie: 'alpha_beta=always' }, want: 'shop' },
    { rule: COOKIE, headers: {}, want: 'shop' },
    {
      rule: match('RegularExpression', 'user-agent', '(?i).*bot/(?P<major>[0-9]+)'),
      headers: { 'user-agent': 'SomeBot/7' },
      want: 'shop-canary',
    },
    { rule: BROKEN, headers: { 'x-beta': '(' }, want: 'shop' },
  ])('sends $headers to $want', ({ rule, headers, want }) => {
    const table = tableOf([httpRoute([{ backendRefs: [ref('shop')] }, rule])]);
    expect(table.route(request('/', { headers }), () => 0)).toMatchObject({ labels: { service: want } });
  });
});

describe('routes within the mesh', () => {
  const host = 'shop.shop.svc.cluster.local';
  const mesh = (rules: JsonObject[]): KubeObject => {
    const route = httpRoute(rules, { hostnames: ['ignored.example'] });
    return { ...route, spec: { ...route.spec, parentRefs: [{ group: '', kind: 'Service', name: 'shop' }] } };
  };
  const split = mesh([{ backendRefs: [ref('shop', 80), ref('shop-canary', 20)] }]);

  it.each([host, 'shop.shop.svc'])('split requests to the Service as %s', (name) => {
    const found = shares(tableOf([split]), request('/', { host: name }));
    expect(found).toEqual({
      shop: expect.closeTo(0.8, 1) as number,
      'shop-canary': expect.closeTo(0.2, 1) as number,
    });
  });

  it('are for nothing else', () => {
    expect(shares(tableOf([split]))).toEqual({ '404': expect.closeTo(1) as number });
    const other = request('/', { host: 'shop-canary.shop.svc' });
    expect(shares(tableOf([split]), other)).toEqual({ 'shop-canary': expect.closeTo(1) as number });
  });

  it('answer 404 where no rule of theirs matches', () => {
    const api = mesh([{ matches: [{ path: { value: '/api' } }], backendRefs: [ref('shop')] }]);
    expect(tableOf([api]).route(request('/', { host }), () => 0)).toMatchObject({ status: 404 });
  });
});

describe('a GRPCRoute', () => {
  const grpc = (matches: JsonObject[] | undefined, service: string): JsonObject => ({
    backendRefs: [ref(service)],
    ...(matches === undefined ? {} : { matches }),
  });
  const rules = [
    grpc(undefined, 'any'),
    grpc([{ method: { service: 'shop.Cart' } }], 'cart'),
    grpc([{ method: { service: 'shop.Cart', method: 'Pay' } }], 'pay'),
    grpc([{ method: { type: 'RegularExpression', method: 'Get.*' } }], 'get'),
    grpc([{ method: { service: 'shop.Cart' }, headers: [{ name: 'x-beta', value: '1' }] }], 'beta'),
  ];
  const behind = backends({ any: ['1'], cart: ['2'], pay: ['3'], get: ['4'], beta: ['5'], web: ['6'] });
  const table = tableOf([httpRoute([{ backendRefs: [ref('web')] }])], behind, [httpRoute(rules)]);
  const call = { method: 'POST', headers: { 'content-type': 'application/grpc+proto' } };

  it.each([
    { path: '/shop.Cart/Pay', more: call, want: 'pay' },
    { path: '/shop.Cart/Add', more: call, want: 'cart' },
    { path: '/shop.Cart/Add', more: { ...call, headers: { ...call.headers, 'x-beta': '1' } }, want: 'beta' },
    { path: '/shop.Shelf/GetAll', more: call, want: 'get' },
    { path: '/shop.Shelf/Put', more: call, want: 'any' },
    {
      path: '/shop.Cart/Pay',
      more: { method: 'POST', headers: { 'content-type': 'application/json' } },
      want: 'web',
    },
    { path: '/shop.Cart/Pay', more: { method: 'GET', headers: call.headers }, want: 'web' },
  ])('takes $path as $more to $want', ({ path, more, want }) => {
    expect(table.route(request(path, more), () => 0)).toMatchObject({ labels: { service: want } });
  });
});

/** The share of 20 000 requests that is copied. */
function copied(table: RouteTable): number {
  const random = seeded(5);
  let copies = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const routed = table.route(request(), random);
    copies += 'to' in routed ? (routed.copies?.length ?? 0) : 0;
  }
  return copies / 20_000;
}
