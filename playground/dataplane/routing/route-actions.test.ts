import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/json.ts';
import { RouteTable } from './route-table.ts';
import type { RoutedRequest } from './routing.ts';
import { backends, gateway, httpRoute, ref, request } from '../../../test/support/dataplane-objects.ts';

const SHOP = backends({ shop: ['10.0.0.1'] });

interface Asked extends Partial<RoutedRequest> {
  path?: string;
  listener?: JsonObject;
}

/** What a rule does with one request. */
function send(rule: JsonObject, { path = '/', listener, ...more }: Asked = {}) {
  const http = [httpRoute([{ backendRefs: [ref('shop')], ...rule }])];
  const listeners = { listeners: [{ name: 'http', protocol: 'HTTP', port: 80, ...listener }] };
  const gateways = [{ ...gateway(), spec: listeners }];
  return new RouteTable({ http, grpc: [], gateways }, SHOP).route(request(path, more), () => 0);
}

const below = (value: string) => ({ matches: [{ path: { type: 'PathPrefix', value } }] });

describe('a redirect', () => {
  const redirect = (requestRedirect: JsonObject) => ({
    backendRefs: [],
    filters: [{ type: 'RequestRedirect', requestRedirect }],
  });

  it.each<{ by: JsonObject; asked?: Asked; want: string; status?: number }>([
    { by: { hostname: 'b.example' }, want: 'http://b.example/old?q=1' },
    { by: { scheme: 'https', statusCode: 301 }, want: 'https://shop.example/old?q=1', status: 301 },
    { by: { scheme: 'https', port: 8443 }, want: 'https://shop.example:8443/old?q=1' },
    { by: { port: 443, scheme: 'https' }, want: 'https://shop.example/old?q=1' },
    { by: {}, asked: { listener: { port: 8080 } }, want: 'http://shop.example:8080/old?q=1' },
    { by: { port: 80 }, asked: { listener: { port: 8080 } }, want: 'http://shop.example/old?q=1' },
    { by: { scheme: 'http' }, asked: { listener: { port: 8080 } }, want: 'http://shop.example/old?q=1' },
    {
      by: { path: { type: 'ReplaceFullPath', replaceFullPath: '/new' } },
      want: 'http://shop.example/new?q=1',
    },
  ])('by $by goes to $want', ({ by, asked = {}, want, status = 302 }) => {
    const routed = send(redirect(by), { path: '/old', query: new URLSearchParams('q=1'), ...asked });
    expect(routed).toMatchObject({ status, reply: { headers: { location: want } } });
  });
});

describe('a rewrite', () => {
  // The table of the Gateway API for ReplacePrefixMatch.
  it.each([
    ['/foo/bar', '/foo', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo', '/xyz/', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz', '/xyz/bar'],
    ['/foo/bar', '/foo/', '/xyz/', '/xyz/bar'],
    ['/foo', '/foo', '/xyz', '/xyz'],
    ['/foo/', '/foo', '/xyz', '/xyz/'],
    ['/foo/bar', '/foo', '', '/bar'],
    ['/foo/', '/foo', '', '/'],
    ['/foo', '/foo', '', '/'],
    ['/foo/', '/foo', '/', '/'],
    ['/foo', '/foo', '/', '/'],
    ['/bar', '/', '/xyz', '/xyz/bar'],
  ])('of %s with the prefix %s replaced by "%s" asks for %s', (path, prefix, replacePrefixMatch, want) => {
    const urlRewrite = { path: { type: 'ReplacePrefixMatch', replacePrefixMatch } };
    const routed = send({ ...below(prefix), filters: [{ type: 'URLRewrite', urlRewrite }] }, { path });
    expect('to' in routed && routed.transport).toEqual({ path: want });
  });

  it('of host and whole path, on a backend alone', () => {
    const urlRewrite = { hostname: 'in.example', path: { type: 'ReplaceFullPath', replaceFullPath: '/x' } };
    const backendRefs = [{ ...ref('shop'), filters: [{ type: 'URLRewrite', urlRewrite }] }];
    const routed = send({ backendRefs });
    expect('to' in routed && routed.transport).toEqual({ path: '/x', host: 'in.example' });
  });
});

it('time-outs and retries are those of the rule; 0 is no limit', () => {
  const routed = send({
    timeouts: { request: '10s', backendRequest: '500ms' },
    retry: { attempts: 2, codes: [503] },
  });
  if (!('to' in routed)) throw new Error(routed.why);
  const { retries, ...times } = routed.transport ?? {};
  expect(times).toEqual({ timeoutMs: 10_000, tryTimeoutMs: 500 });
  expect([retries?.attempts, retries?.on(503), retries?.on(500)]).toEqual([2, true, false]);
  const endless = send({ timeouts: { request: '0s' } });
  expect('to' in endless && endless.transport).toEqual({});
});

describe('CORS', () => {
  const rule = (cors: JsonObject) => ({ filters: [{ type: 'CORS', cors }] });
  const ask = (cors: JsonObject, origin: string, method = 'OPTIONS') =>
    send(rule(cors), { method, headers: { origin, 'access-control-request-method': 'PUT' } });

  it.each([
    { allowOrigins: ['https://a.example'], want: true },
    { allowOrigins: ['https://*.example'], want: true },
    { allowOrigins: ['*'], want: true },
    { allowOrigins: ['http://a.example'], want: false },
    { allowOrigins: ['https://a.example:8443'], want: false },
  ])('of $allowOrigins lets https://a.example in: $want', ({ allowOrigins, want }) => {
    const headers = { 'access-control-allow-origin': 'https://a.example' };
    const asked = ask({ allowOrigins, allowMethods: ['*'] }, 'https://a.example');
    if (want) {
      const more = { 'access-control-allow-methods': 'PUT', 'access-control-max-age': '5' };
      expect(asked).toMatchObject({ status: 200, reply: { headers: { ...headers, ...more } } });
    } else expect(asked).toMatchObject({ to: [{}] });
    const got = ask({ allowOrigins, exposeHeaders: ['x-a'] }, 'https://a.example', 'GET');
    const exposed = { ...headers, 'access-control-expose-headers': 'x-a' };
    expect(got).toMatchObject({ edits: { response: want ? [{ set: exposed }] : [] } });
  });
});
