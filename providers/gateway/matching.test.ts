import { describe, expect, test } from 'vitest';
import { getObjects, type JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { backend, grpcRoute, grpcRule, httpRoute, rule, pathMatch } from '../../test/support/routes.ts';
import { after, BETA, matching, patchOf, shop } from '../../test/support/gateway-splits.ts';
import { aTrafficContext } from '../../test/support/traffic.ts';
import { without } from './filters.ts';
import { gateway } from './gateway.ts';
import { OFF, type TrafficContext, type Wants } from '../provider.ts';

describe('requests that match', () => {
  const extra = (path: string, match: JsonObject, more: JsonObject = {}) => ({
    matches: [{ path: { type: 'PathPrefix', value: path }, ...match }],
    backendRefs: [backend('web', { weight: 0 }), backend('web-canary', { weight: 1 })],
    ...more,
  });
  const beta = { headers: [{ type: 'Exact', name: 'X-Group', value: 'beta' }] };

  test('have a copy of each rule, behind all others, that asks for one header more', () => {
    const given = httpRoute('shop', [
      rule('/', [backend('web')], { name: 'root', timeouts: { request: '3s' } }),
      rule('/x', [backend('x')]),
      rule('/b', [backend('web')]),
    ]);
    expect(after(matching, BETA, given)).toEqual([
      ...getObjects(given, 'spec', 'rules'),
      extra('/', beta, { name: 'web-canary-match-1', timeouts: { request: '3s' } }),
      extra('/b', beta, { name: 'web-canary-match-2' }),
    ]);
  });

  test('have no copy of a rule that got a name in mid-release, and what policies guard stays guarded', () => {
    const world = new ObjectWorld([shop]);
    const first = aTrafficContext(world.list('HTTPRoute'), { wants: BETA });
    const originals = gateway.record(first);
    const context = () => aTrafficContext(world.list('HTTPRoute'), { wants: BETA, originals });
    const rules = () => getObjects(world.list('HTTPRoute')[0], 'spec', 'rules');
    const write = () => gateway.plan(context(), matching).forEach((each) => world.apply(each));
    write();
    expect(rules()).toHaveLength(2);
    world.put(httpRoute('shop', [{ ...rules()[0], name: 'admin' }, ...rules().slice(1)]));
    write();
    expect(rules()).toEqual([rule('/', [backend('web')], { name: 'admin' })]);
    expect(gateway.observe(context())).toMatchObject({ weight: 0 });
    expect(gateway.observe(context()).matching).toBeUndefined();
    expect(gateway.observe(context()).problem).toContain('rule "admin" of HTTPRoute shop has a name now');
  });

  test('of a rule whose prefix is replaced have a rule each: such a rule may have one match only', () => {
    const filters = [
      { type: 'URLRewrite', urlRewrite: { path: { type: 'ReplacePrefixMatch', replacePrefixMatch: '/' } } },
    ];
    const given = httpRoute('shop', [rule('/v2', [backend('web')], { filters })]);
    const wants: Wants = { ...BETA, sticky: { cookie: 'c', maxAgeMs: 1000 } };
    expect(after(matching, wants, given).map((each) => getObjects(each, 'matches').length)).toEqual([
      1, 1, 1,
    ]);
  });

  test('of a route without matches are told by the header alone', () => {
    const given = grpcRoute('shop', [grpcRule('', [backend('web')])]);
    expect(after(matching, BETA, given)[1]).toMatchObject({ matches: [beta] });
  });

  test('a rule of ours is known without its name, on servers that keep none, and by its name without its header', () => {
    const rules = after(matching, BETA);
    const context = (list: JsonObject[], change: Partial<TrafficContext> = {}) =>
      aTrafficContext([httpRoute('shop', list)], {
        originals: gateway.record(aTrafficContext([shop], { wants: BETA })),
        ...change,
      });
    const nameless = rules.map((each) => without(each, 'name'));
    expect(gateway.observe(context(nameless, { wants: BETA }))).toMatchObject({ weight: 0, matching: true });
    expect(gateway.plan(context(nameless, { wants: BETA }), matching)).toEqual([]);
    const renamed = [rules[0]!, { ...rules[1], matches: [] }];
    for (const list of [nameless, renamed]) {
      expect(patchOf(gateway.plan(context(list), OFF)).filter(({ op }) => op !== 'test')).toEqual([
        { op: 'remove', path: '/spec/rules/1' },
      ]);
    }
  });

  test('a rule of ours that somebody changed is told and mended', () => {
    const [user, own] = after(matching, BETA);
    const changed = httpRoute('shop', [user!, { ...own, timeouts: { request: '1s' } }]);
    const originals = gateway.record(aTrafficContext([shop], { wants: BETA }));
    const context = aTrafficContext([changed], { originals, wants: BETA });
    const seen = gateway.observe(context);
    expect(seen.weight).toBeUndefined();
    expect(seen.problem).toContain('rule 1 of HTTPRoute shop');
    expect(patchOf(gateway.plan(context, matching)).map(({ op }) => op)).toEqual([
      'test',
      'test',
      'remove',
      'add',
    ]);
  });

  test('a rule of ours whose user’s rule is gone still counts, and goes', () => {
    const originals = gateway.record(aTrafficContext([shop], { wants: BETA }));
    const left = httpRoute('shop', [rule('/x', [backend('x')]), ...after(matching, BETA).slice(1)]);
    const context = aTrafficContext([left], { originals, wants: BETA });
    expect(gateway.observe(context).weight).toBeUndefined();
    expect(patchOf(gateway.plan(context, OFF)).at(-1)).toEqual({ op: 'remove', path: '/spec/rules/1' });
  });

  test('a user’s rule that came to ask for the same header is split like others, and never taken for ours', () => {
    const own = { matches: [{ ...pathMatch('/new'), headers: beta.headers }] };
    const split = [backend('web', { weight: 95 }), backend('web-canary', { weight: 5 })];
    const given = httpRoute('shop', [rule('/', split), { ...own, backendRefs: split }]);
    const [write] = gateway.cleanup(aTrafficContext([given], { originals: {}, wants: BETA }));
    expect(patchOf(write === undefined ? [] : [write]).map(({ op }) => op)).toEqual([
      'test',
      'test',
      'replace',
      'replace',
    ]);
  });

  test('a user’s rule that looks emptied is never taken for ours', () => {
    const emptied = httpRoute('shop', [
      rule('/', [backend('web', { weight: 0 }), backend('web-canary', { weight: 5 })]),
    ]);
    const originals = gateway.record(aTrafficContext([shop], { wants: BETA }));
    const [write] = gateway.cleanup(aTrafficContext([emptied], { originals, wants: BETA }));
    expect(patchOf(write === undefined ? [] : [write]).at(-1)).toEqual({
      op: 'replace',
      path: '/spec/rules/0/backendRefs',
      value: [backend('web')],
    });
  });
});
