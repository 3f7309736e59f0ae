import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../api/kube.ts';
import { IngressTable } from './ingress-routing.ts';
import { seeded } from './random.ts';
import type { RoutedRequest } from './routing.ts';
import { backends, ingress, request } from './test-objects.ts';

const MAIN = ingress({ name: 'main', service: 'shop' });
const canaryOf = (annotations: Record<string, string>, more: object = {}) =>
  ingress({
    name: 'canary',
    service: 'shop-canary',
    annotations: { canary: 'true', ...annotations },
    ...more,
  });
const TWO = backends({ shop: ['10.0.0.1'], 'shop-canary': ['10.0.0.2'] });

/** Share of 20 000 requests that go to the canary. */
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
    const both = { ...canary, spec: { rules } };
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

  it('lets a header decide before the weight', () => {
    const table = new IngressTable(
      [MAIN, canaryOf({ 'canary-weight': '0', 'canary-by-header': 'X-Try' })],
      TWO,
    );
    expect(share(table, request('/', { headers: { 'x-try': 'always' } }))).toBe(1);
    expect(share(table, request('/', { headers: { 'x-try': 'perhaps' } }))).toBe(0);
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
