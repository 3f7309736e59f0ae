import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../lib/json.ts';
import { Backends } from '../proxy/backends.ts';
import { IngressTable } from './ingress-routing.ts';
import type { IngressLabels } from './ingress-routing.ts';
import { seeded } from '../../../lib/random.ts';
import type { Routed, RoutedRequest } from './routing.ts';
import { backends, ingress, request, service, slice } from '../../../test/support/dataplane-objects.ts';

const MAIN = ingress({ name: 'main', service: 'shop' });
const canaryOf = (annotations: Record<string, string>, more: object = {}) =>
  ingress({
    name: 'canary',
    service: 'shop-canary',
    annotations: { canary: 'true', ...annotations },
    ...more,
  });
const TWO = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'] });

/** The share of 20 000 requests that goes to the canary. */
function share(table: IngressTable, asked: RoutedRequest = request()): number {
  const random = seeded(7);
  let canary = 0;
  for (let i = 0; i < 20_000; i += 1) {
    const routed = table.route(asked, random);
    if (routed.labels?.canary === 'shop-shop-canary-80') canary += 1;
  }
  return canary / 20_000;
}

describe('an Ingress with a canary', () => {
  it.each([
    { given: { 'canary-weight': '25' }, want: 0.25 },
    { given: { 'canary-weight': '0' }, want: 0 },
    { given: { 'canary-weight': '100' }, want: 1 },
    { given: { 'canary-weight': '10.5' }, want: 0 },
    { given: { 'canary-weight': '-3' }, want: 0 },
    { given: { 'canary-weight': '25', 'canary-weight-total': '1000' }, want: 0.025 },
    { given: { 'canary-weight': '1', 'canary-weight-total': '10' }, want: 0.01 },
    { given: {}, want: 0 },
  ])('sends $want of the requests to it when told $given', ({ given, want }) => {
    expect(share(new IngressTable([MAIN, canaryOf(given)], TWO))).toBeCloseTo(want, 2);
  });

  it.each([
    { why: 'another host', more: { host: 'other.example' } },
    { why: 'another path', more: { path: '/x' } },
    { why: 'another path type', more: { pathType: 'Exact' } },
    { why: 'an empty path', more: { path: '' } },
  ])('sends everything to stable if the canary names $why', ({ more }) => {
    expect(share(new IngressTable([MAIN, canaryOf({ 'canary-weight': '100' }, more)], TWO))).toBe(0);
  });

  it('is switched off as a whole by one path that matches nothing', () => {
    const canary = canaryOf({ 'canary-weight': '100' });
    const stray = canaryOf({ 'canary-weight': '100' }, { path: '/nowhere' });
    const rules = [canary, stray].flatMap((one) => one.spec?.['rules'] as JsonObject[]);
    const both = { ...canary, spec: { ...canary.spec, rules } };
    expect(share(new IngressTable([MAIN, both], TWO))).toBe(0);
  });

  it('falls back to stable when the canary has no ready endpoint', () => {
    const ready = backends({ shop: ['10.0.0.1'], 'shop-canary': ['-10.0.0.2'] });
    const routed = new IngressTable([MAIN, canaryOf({ 'canary-weight': '100' })], ready).route(
      request(),
      () => 0,
    );
    expect(routed).toMatchObject({ to: [{ host: '10.0.0.1', port: 8080 }], labels: { canary: '' } });
  });

  it('answers 503 when stable has no ready endpoint, even at weight 100', () => {
    const ready = backends({ shop: [], 'shop-canary': ['10.0.0.2'] });
    const routed = new IngressTable([MAIN, canaryOf({ 'canary-weight': '100' })], ready).route(
      request(),
      () => 0,
    );
    expect(routed).toMatchObject({ status: 503, labels: { canary: '', service: 'shop' } });
  });

  it('splits every path that uses the same stable upstream, and none that names its port differently', () => {
    const shared = ingress({ name: 'second', service: 'shop', path: '/second' });
    const byName = ingress({ name: 'third', service: 'shop', path: '/third', port: { name: 'http' } });
    const table = new IngressTable([MAIN, shared, byName, canaryOf({ 'canary-weight': '50' })], TWO);
    expect(share(table, request('/second/x'))).toBeCloseTo(0.5, 1);
    expect(share(table, request('/third'))).toBe(0);
  });

  it('uses only the oldest of two canaries', () => {
    const older = canaryOf({ 'canary-weight': '0' }, { created: '2026-01-01T00:00:00Z' });
    const younger = ingress({
      name: 'younger',
      service: 'other',
      annotations: { canary: 'true', 'canary-weight': '100' },
      created: '2026-02-01T00:00:00Z',
    });
    const three = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'], other: ['10.0.0.3'] });
    const routed = new IngressTable([younger, older, MAIN], three).route(request(), () => 0);
    expect(routed).toMatchObject({ to: [{ host: '10.0.0.1' }] });
  });
});

describe('names are read as nginx reads them', () => {
  const given = { 'canary-by-cookie': 'try', 'canary-by-header': 'X_Try' };
  it.each<[Record<string, string>, number]>([
    [{ cookie: 'TRY=always' }, 1],
    [{ cookie: 'a=1, try=always' }, 1],
    [{ cookie: 'try = always; a=1' }, 1],
    [{ cookie: 'retry=always' }, 0],
    [{ cookie: 'try=never; try=always' }, 0],
    [{ 'x-try': 'always' }, 1],
    [{ x_try: 'always' }, 0],
  ])('%j', (headers, want) => {
    const table = new IngressTable([MAIN, canaryOf(given)], TWO);
    const routed = table.route(request('/', { headers }), () => 0.5);
    expect(routed.labels?.canary === '' ? 0 : 1).toBe(want);
  });
});

describe('what decides, in this order', () => {
  const both = { 'canary-weight': '0', 'canary-by-header': 'X-Try', 'canary-by-cookie': 'try' };
  const asks = (header: string | undefined, cookie: string | undefined) =>
    request('/', {
      headers: {
        ...(header === undefined ? {} : { 'x-try': header }),
        ...(cookie === undefined ? {} : { cookie: `a=b; try=${cookie}` }),
      },
    });

  it.each<{ given: Record<string, string>; header?: string; cookie?: string; want: number }>([
    { given: both, header: 'always', cookie: 'never', want: 1 },
    { given: { ...both, 'canary-weight': '100' }, header: 'never', cookie: 'always', want: 0 },
    { given: both, header: 'perhaps', cookie: 'always', want: 1 },
    { given: { ...both, 'canary-weight': '100' }, header: 'perhaps', cookie: 'never', want: 0 },
    { given: { ...both, 'canary-weight': '100' }, header: 'perhaps', cookie: 'perhaps', want: 1 },
    { given: { ...both, 'canary-by-header-value': 'eu west' }, header: 'eu west', want: 1 },
    { given: { ...both, 'canary-by-header-value': 'eu' }, header: 'always', want: 0 },
    { given: { ...both, 'canary-by-header-value': 'eu' }, header: 'never', cookie: 'always', want: 1 },
    {
      given: { ...both, 'canary-by-header-value': 'eu', 'canary-by-header-pattern': 'us' },
      header: 'us',
      want: 0,
    },
    { given: { ...both, 'canary-by-header-pattern': '^v[0-9]+$' }, header: 'v12', want: 1 },
    { given: { ...both, 'canary-by-header-pattern': 'v1' }, header: 'a v1 b', want: 1 },
    { given: { ...both, 'canary-by-header-pattern': '(' }, header: 'v1', cookie: 'always', want: 0 },
    { given: { 'canary-weight': '0', 'canary-by-header-value': 'eu' }, header: 'eu', want: 0 },
    { given: { ...both, 'canary-by-header-value': 'a,b' }, header: 'a,b', want: 0 },
    { given: { ...both, 'canary-by-header-value': 'a,b' }, header: 'always', want: 1 },
    { given: { ...both, 'canary-by-header-pattern': 'a{1,2}' }, header: 'aa', want: 0 },
  ])('$given: header $header and cookie $cookie send $want', ({ given, header, cookie, want }) => {
    expect(share(new IngressTable([MAIN, canaryOf(given)], TWO), asks(header, cookie))).toBe(want);
  });
});

describe('the age of Ingresses', () => {
  const THREE = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'] });
  const canary = canaryOf({ 'canary-weight': '100' }, { created: '2026-02-01T00:00:00Z' });
  const normal = (created: string) =>
    ingress({ name: 'normal', service: 'shop-canary', host: 'other.example', created });

  it('takes the canary’s place from a younger normal Ingress that names the same Service', () => {
    const table = new IngressTable([MAIN, canary, normal('2026-03-01T00:00:00Z')], THREE);
    expect(table.route(request('/', { host: 'other.example' }), () => 0)).toMatchObject({ status: 404 });
    expect(share(table)).toBe(1);
  });

  it('leaves the canary without a weight if an older normal Ingress names the same Service', () => {
    const table = new IngressTable([MAIN, canary, normal('2026-01-15T00:00:00Z')], THREE);
    expect(table.route(request('/', { host: 'other.example' }), () => 0)).toMatchObject({
      to: [{ host: '10.0.0.2' }],
    });
    expect(share(table)).toBe(0);
  });

  it('gives a place to the oldest Ingress, and a canary of that place with it', () => {
    const older = ingress({ name: 'older', service: 'other', created: '2025-01-01T00:00:00Z' });
    const all = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'], other: ['10.0.0.3'] });
    const table = new IngressTable([MAIN, older, canaryOf({ 'canary-weight': '100' })], all);
    expect(table.route(request(), () => 0.5).labels).toMatchObject({
      ingress: 'older',
      service: 'other',
      canary: 'shop-shop-canary-80',
    });
  });
});

describe('names as nginx reads them', () => {
  const both = { 'canary-weight': '0', 'canary-by-header': 'X_Try', 'canary-by-cookie': 'try' };
  it.each([
    { headers: { cookie: 'TRY=always' }, want: 1 },
    { headers: { cookie: 'a=b,try=always' }, want: 1 },
    { headers: { cookie: 'retry=always' }, want: 0 },
    { headers: { 'x-try': 'always' }, want: 1 },
    { headers: { x_try: 'always' }, want: 0 },
  ])('send $headers to the canary: $want', ({ headers, want }) => {
    const table = new IngressTable([MAIN, canaryOf(both)], TWO);
    expect(share(table, request('/', { headers }))).toBe(want);
  });
});

describe('an Ingress of another class or namespace', () => {
  it('is not served without a class', () => {
    const spec = { ...MAIN.spec };
    delete spec['ingressClassName'];
    const table = new IngressTable([{ ...MAIN, spec }], TWO);
    expect(table.route(request(), () => 0)).toMatchObject({ status: 404 });
    const annotations = { 'kubernetes.io/ingress.class': 'nginx' };
    const named = { ...MAIN, metadata: { ...MAIN.metadata, annotations }, spec };
    expect(new IngressTable([named], TWO).route(request(), () => 0)).toMatchObject({
      labels: { service: 'shop' },
    });
  });

  it('splits nothing if its class is another', () => {
    const canary = canaryOf({ 'canary-weight': '100' });
    const elsewhere = { ...canary, spec: { ...canary.spec, ingressClassName: 'nginx-2' } };
    expect(share(new IngressTable([MAIN, elsewhere], TWO))).toBe(0);
  });

  it('splits all the same if only its namespace is another', () => {
    const canary = canaryOf({ 'canary-weight': '100' });
    const elsewhere = { ...canary, metadata: { ...canary.metadata, namespace: 'team' } };
    const both = new Backends(
      [service('shop'), service('shop-canary', 'team')],
      [slice('shop', ['10.0.0.1']), slice('shop-canary', ['10.0.0.2'], 'team')],
    );
    const routed = new IngressTable([MAIN, elsewhere], both).route(request(), () => 0);
    expect(routed.labels).toMatchObject({ namespace: 'shop', canary: 'team-shop-canary-80' });
  });
});

describe('a canary that is taken away by a path without a counterpart', () => {
  it('takes only its own port with it', () => {
    const byName = ingress({ name: 'named', service: 'shop', path: '/named', port: { name: 'http' } });
    const canaries = [
      canaryOf({ 'canary-weight': '100' }),
      ingress({
        name: 'c2',
        service: 'shop-canary',
        path: '/x',
        port: { name: 'http' },
        annotations: { canary: 'true' },
      }),
    ];
    expect(share(new IngressTable([MAIN, byName, ...canaries], TWO))).toBe(1);
  });

  it('is kept if it is the host that is unknown', () => {
    const canary = canaryOf({ 'canary-weight': '100' });
    const stray = canaryOf({ 'canary-weight': '100' }, { host: 'nowhere.example' });
    const rules = [canary, stray].flatMap((one) => one.spec?.['rules'] as JsonObject[]);
    expect(share(new IngressTable([MAIN, { ...canary, spec: { ...canary.spec, rules } }], TWO))).toBe(1);
  });
});

describe('affinity: cookie', () => {
  const sticky = ingress({
    name: 'main',
    service: 'shop',
    annotations: {
      affinity: 'cookie',
      'session-cookie-name': 'shop-session',
      'session-cookie-max-age': '3600',
    },
  });
  const pods = backends({ shop: ['10.0.0.1', '10.0.0.3'], 'shop-canary': ['10.0.0.2'] });
  const table = (annotations?: Record<string, string>) =>
    new IngressTable(annotations === undefined ? [sticky] : [sticky, canaryOf(annotations)], pods);
  const cookieOf = (routed: Routed<IngressLabels>): string => {
    const header = 'edits' in routed ? routed.edits.response[0]?.add['Set-Cookie'] : undefined;
    return header?.split(';')[0] ?? '';
  };
  /** The cookie of a client whose first request went to stable (0) or to the canary (100). */
  const client = (weight: 0 | 100) =>
    cookieOf(table({ 'canary-weight': String(weight) }).route(request(), () => 0.5));
  const asks = (cookie: string) => request('/', { headers: { cookie } });

  it('gives each new client a cookie, and each client one pod', () => {
    const routed = table().route(request(), seeded(1));
    expect('edits' in routed ? routed.edits.response[0]?.add['Set-Cookie'] : '').toMatch(
      /^shop-session=\d+\|[0-9a-f]+; Path=\/; Max-Age=3600; HttpOnly$/,
    );
    const again = table().route(asks(cookieOf(routed)), seeded(2));
    expect('to' in again && 'to' in routed && again.to).toEqual('to' in routed && routed.to);
    expect(again).not.toHaveProperty('edits');
    expect('to' in again && again.to).toHaveLength(1);
  });

  it('keeps a client of stable there, whatever the weight and the header', () => {
    const given = { 'canary-weight': '100', 'canary-by-header': 'x-try' };
    const asked = { headers: { cookie: client(0), 'x-try': 'always' } };
    expect(share(table(given), request('/', asked))).toBe(0);
    expect(share(table({ ...given, 'affinity-canary-behavior': 'legacy' }), request('/', asked))).toBe(0);
    expect(share(table(given))).toBe(1);
  });

  it('keeps a client of the canary there, at weight 0 too', () => {
    expect(share(table({ 'canary-weight': '0' }), asks(client(100)))).toBe(1);
    expect(share(table({ 'canary-weight': '0' }))).toBe(0);
  });

  it('lets it go with the canary’s Ingress, which leaves the cookie for the next one', () => {
    expect(share(table(), asks(client(100)))).toBe(0);
    expect(table().route(asks(client(100)), () => 0)).not.toHaveProperty('edits');
    expect(share(table({ 'canary-weight': '1' }), asks(client(100)))).toBe(1);
  });

  it('holds nobody on a canary whose behaviour is legacy', () => {
    const legacy = { 'canary-weight': '100', 'affinity-canary-behavior': 'legacy' };
    expect(cookieOf(table(legacy).route(request(), () => 0))).toBe('');
    expect(share(table({ ...legacy, 'canary-weight': '0' }), asks(client(100)))).toBe(0);
  });
});

describe('an Ingress', () => {
  it('always labels the main location', () => {
    const table = new IngressTable([MAIN, canaryOf({ 'canary-weight': '100' })], TWO);
    expect(table.route(request('/cart'), () => 0).labels).toEqual({
      namespace: 'shop',
      ingress: 'main',
      service: 'shop',
      canary: 'shop-shop-canary-80',
      host: 'shop.example',
      path: '/',
    });
  });

  it.each([
    { why: 'unknown host', asked: request('/', { host: 'other.example' }) },
    { why: 'uncovered path', asked: request('/b') },
  ])('answers 404 for an $why', ({ asked }) => {
    const table = new IngressTable([ingress({ name: 'a', service: 'shop', path: '/a' })], TWO);
    expect(table.route(asked, () => 0)).toMatchObject({ status: 404 });
  });

  it('prefers the longer path', () => {
    const long = ingress({ name: 'long', service: 'shop-canary', path: '/a/b' });
    const table = new IngressTable([MAIN, long], TWO);
    expect(table.route(request('/a/b/c'), () => 0).labels?.ingress).toBe('long');
    expect(table.route(request('/a/bc'), () => 0).labels?.ingress).toBe('main');
  });
});
