import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { destination } from '../../test/support/istio.ts';
import { conditionsOf, mirrorTo, narrowed, sticking, unclear, type Condition } from './matches.ts';
import type { Wants } from '../provider.ts';

const sticky = { cookie: 'stay%', maxAgeMs: 60_000 };
const asked = (wants: Partial<Wants>) => ({ release: 'web-7', wants: { total: 100, ...wants } });
const beta: Condition = { header: 'x-group', is: { exact: 'beta' } };
const v2: Condition = { header: 'x-version', is: { regex: 'v2.*' } };

test('every header and every cookie is a condition, the one of clients that stay among them', () => {
  const match = {
    headers: [
      { name: 'X-Group', value: 'beta' },
      { name: 'X-Version', value: 'v2.*', regex: true as const },
    ],
    cookies: [{ name: 'group', value: 'b.1' }],
  };
  expect(conditionsOf(asked({ match, sticky }))).toEqual([
    beta,
    v2,
    { header: 'cookie', is: { regex: '^(.*;\\s*)?group=b\\.1\\s*(;.*)?$' } },
    { header: 'cookie', is: { regex: '^(.*;\\s*)?stay%=web-7\\s*(;.*)?$' } },
  ]);
  expect(conditionsOf(asked({}))).toEqual([]);
});

describe('a match is narrowed', () => {
  test('each entry by each condition, keeping all else it asks for', () => {
    const a = { uri: { prefix: '/a' }, ignoreUriCase: true, headers: { 'x-b': { exact: 'b' } } };
    const b = { gateways: ['mesh'], withoutHeaders: { 'x-group': { exact: 'alpha' } } };
    expect(narrowed([a, b], [beta, v2])).toEqual([
      { ...a, headers: { 'x-b': { exact: 'b' }, 'x-group': { exact: 'beta' } } },
      { ...a, headers: { 'x-b': { exact: 'b' }, 'x-version': { regex: 'v2.*' } } },
      { ...b, headers: { 'x-group': { exact: 'beta' } } },
      { ...b, headers: { 'x-version': { regex: 'v2.*' } } },
    ]);
  });

  test.each<[string, JsonObject, Condition]>([
    ['be absent', {}, beta],
    ['be absent, by Istio’s own sign', { regex: '*' }, beta],
    ['have another value', { exact: 'beta' }, beta],
    ['begin otherwise', { prefix: 'be' }, beta],
    ['be absent, an expression being wanted', {}, { ...v2, header: 'x-group' }],
    ['not fit the very expression', { regex: 'v2.*' }, { ...v2, header: 'x-group' }],
  ])('to nothing where the header has to %s', (_name, without, condition) => {
    expect(narrowed([{ withoutHeaders: { 'X-Group': without } }], [condition])).toEqual([]);
    expect(narrowed([{ withoutHeaders: { 'x-other': without } }], [condition])).toHaveLength(1);
  });

  test('no match at all is everything', () => {
    expect(narrowed([], [beta])).toEqual([{ headers: { 'x-group': { exact: 'beta' } } }]);
  });

  test.each<[string, JsonObject, Condition, JsonObject | 'never' | 'unclear']>([
    ['the same', { exact: 'beta' }, beta, { exact: 'beta' }],
    ['another value', { exact: 'alpha' }, beta, 'never'],
    ['a prefix of it', { prefix: 'be' }, beta, { exact: 'beta' }],
    ['another prefix', { prefix: 'al' }, beta, 'never'],
    ['that it is there', {}, beta, { exact: 'beta' }],
    ['that it is there, by Istio’s own sign', { regex: '*' }, beta, { exact: 'beta' }],
    ['an expression', { regex: 'b.*' }, beta, 'unclear'],
    ['a value, an expression being wanted', { exact: 'v2' }, { ...v2, header: 'x-group' }, 'unclear'],
    ['the same expression', { regex: 'v2.*' }, { ...v2, header: 'x-group' }, { regex: 'v2.*' }],
  ])('whose header has to be %s', (_name, asks, condition, both) => {
    const entries = [{ headers: { 'X-Group': asks } }];
    const wanted = typeof both === 'string' ? [] : [{ headers: { 'X-Group': both } }];
    expect(narrowed(entries, [condition])).toEqual(wanted);
    expect(unclear(entries, [condition])).toEqual(both === 'unclear' ? [condition] : []);
  });
});

describe('a destination that makes clients stay', () => {
  test('sets a cookie beside what it does to headers, in which a sign of Envoy’s means itself', () => {
    const headers = { request: { set: { a: 'b' } }, response: { remove: ['x'], add: { c: 'd' } } };
    const cookie = 'stay%%=web-7; Path=/; Max-Age=60; HttpOnly';
    expect(sticking(destination('web-canary', { weight: 5, headers }), asked({ sticky }))).toEqual({
      destination: { host: 'web-canary' },
      weight: 5,
      headers: {
        request: { set: { a: 'b' } },
        response: { remove: ['x'], add: { c: 'd', 'Set-Cookie': cookie } },
      },
    });
  });

  test('is as it was where nobody has to', () => {
    expect(sticking(destination('web-canary'), asked({}))).toEqual(destination('web-canary'));
  });
});

test('copies go where the destination’s requests go', () => {
  const to = { destination: { host: 'web-canary', port: { number: 80 } }, weight: 3, headers: {} };
  expect(mirrorTo(to, 12.5)).toEqual({
    destination: { host: 'web-canary', port: { number: 80 } },
    percentage: { value: 12.5 },
  });
});
