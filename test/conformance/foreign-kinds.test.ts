import { beforeAll, describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isInvalid } from '../../kube/errors.ts';
import { startApi } from '../support/api.ts';
import { destination, httpTo, virtualService } from '../support/istio.ts';
import { foreignCheck, foreignCrd, type ForeignKind } from '../support/kinds/index.ts';
import { backend, grpcRoute, httpRoute, pathMatch, rule } from '../support/routes.ts';
import { VirtualClock } from '../support/virtual-clock.ts';

/**
 * The API server here refuses what the definitions of the Gateway API and of Istio refuse, and so do the
 * suites of the providers.
 */

const web = [backend('web')];
const inRule = (more: JsonObject): KubeObject => httpRoute('shop', [rule('/', web, more)]);
const filtered = (...filters: JsonObject[]): KubeObject => inRule({ filters });
const at = (value: string, type = 'PathPrefix'): KubeObject =>
  httpRoute('shop', [{ matches: [{ path: { type, value } }], backendRefs: web }]);
const asked = (value: string): KubeObject =>
  inRule({ matches: [{ headers: [{ name: 'Cookie', value, type: 'RegularExpression' }] }] });
const parents = (...parentRefs: JsonObject[]): KubeObject =>
  httpRoute('shop', [rule('/', web)], { parentRefs });
const called = (method: JsonObject): KubeObject =>
  grpcRoute('shop', [{ matches: [{ method }], backendRefs: web }]);

const remove = { remove: ['X-A'] };
const REQUEST = { type: 'RequestHeaderModifier', requestHeaderModifier: remove };
const RESPONSE = { type: 'ResponseHeaderModifier', responseHeaderModifier: remove };
const REDIRECT = { type: 'RequestRedirect', requestRedirect: { scheme: 'https' } };
const rewrite = (path: JsonObject): JsonObject => ({ type: 'URLRewrite', urlRewrite: { path } });
const FULL = rewrite({ type: 'ReplaceFullPath', replaceFullPath: '/v2' });
const PREFIX = rewrite({ type: 'ReplacePrefixMatch', replacePrefixMatch: '/v2' });
const cors = (allowOrigins: string[]): JsonObject => ({ type: 'CORS', cors: { allowOrigins } });
const copies = (more: JsonObject, to = backend('audit')): JsonObject => ({
  type: 'RequestMirror',
  requestMirror: { backendRef: to, ...more },
});
const many = (rules: number, each: number): JsonObject[] =>
  Array.from({ length: rules }, (_, i) => ({
    matches: Array.from({ length: each }, (_, j) => pathMatch(`/${i}/${j}`)),
    backendRefs: web,
  }));
const twoMatches = [pathMatch('/a'), pathMatch('/b')];
const timed = (http: JsonObject): KubeObject =>
  virtualService('shop', [httpTo('/', [destination('web')], http)]);
const rulesFor = (matchLabels: JsonObject): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'DestinationRule',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { host: 'web', workloadSelector: { matchLabels } },
});

const KINDS: ForeignKind[] = ['HTTPRoute', 'GRPCRoute', 'VirtualService', 'DestinationRule', 'TrafficSplit'];

let client: KubeClient;
beforeAll(async () => {
  ({ client } = await startApi(new VirtualClock(), 'shop'));
  for (const kind of KINDS) await client.create(foreignCrd(kind));
});

const checkOf = ({ kind, apiVersion }: KubeObject): ReturnType<typeof foreignCheck> =>
  foreignCheck(KINDS.find((each) => each === kind) ?? 'HTTPRoute', apiVersion.replace(/.*\//, ''));

describe('an API server with the kinds of other projects, and the check of the providers’ suites,', () => {
  test.each<[string, KubeObject, string]>([
    ['a blank and a tab in the value of a header', asked('^(.*;[ \t]*)?a=b$'), 'should match'],
    ['a blank at the end of the value of a header', asked('a '), 'should match'],
    ['two filters that change the request’s headers', filtered(REQUEST, REQUEST), 'at most once'],
    ['two filters that change the answer’s headers', filtered(RESPONSE, RESPONSE), 'at most once'],
    ['two filters that rewrite', filtered(FULL, FULL), 'at most once'],
    ['two filters for CORS', filtered(cors(['*']), cors(['*'])), 'at most once'],
    [
      'two filters on a backendRef that change the answer’s headers',
      httpRoute('shop', [rule('/', [backend('web', { filters: [RESPONSE, RESPONSE] })])]),
      'at most once',
    ],
    [
      'two filters of gRPC that change the answer’s headers',
      grpcRoute('shop', [{ filters: [RESPONSE, RESPONSE], backendRefs: web }]),
      'at most once',
    ],
    ['a redirect beside backendRefs', filtered(REDIRECT), 'has no backendRefs'],
    [
      'a redirect that also rewrites',
      httpRoute('shop', [{ filters: [REDIRECT, FULL] }]),
      'do not stand together',
    ],
    ['a filter without what its type names', filtered({ type: 'URLRewrite' }), 'and only then'],
    ['a filter with what its type does not name', filtered({ ...REQUEST, ...RESPONSE }), 'and only then'],
    [
      'a path that is replaced with nothing',
      filtered(rewrite({ type: 'ReplaceFullPath', replacePrefixMatch: '/' })),
      'and only then',
    ],
    [
      'a prefix that is replaced for two matches',
      inRule({ filters: [PREFIX], matches: twoMatches }),
      'one match',
    ],
    [
      'a prefix that a backendRef replaces for two matches',
      httpRoute('shop', [{ matches: twoMatches, backendRefs: [backend('web', { filters: [PREFIX] })] }]),
      'one match',
    ],
    ['any origin beside another', filtered(cors(['*', 'https://a.example'])), 'stands alone'],
    [
      'copies by percent and by fraction',
      filtered(copies({ percent: 5, fraction: { numerator: 1 } })),
      'percent and',
    ],
    ['more copies than requests', filtered(copies({ fraction: { numerator: 101 } })), 'at most 1'],
    ['copies to a Service without its port', filtered(copies({}, { name: 'audit' })), 'with its port'],
    ['a Service without its port', httpRoute('shop', [rule('/', [{ name: 'web' }])]), 'with its port'],
    ['a path that is not absolute', at('shop'), 'starts with /'],
    ['a path with //', at('/a//b'), 'a path has no'],
    ['a path with /./', at('/a/./b', 'Exact'), 'a path has no'],
    ['a path with an encoded slash', at('/a%2Fb'), 'a path has no'],
    ['a path that ends with /..', at('/a/..'), 'does not end'],
    ['a path with a blank', at('/a b'), 'the characters of a path'],
    [
      'a request that ends before its attempt',
      inRule({ timeouts: { request: '1s', backendRequest: '1500ms' } }),
      'at least as long',
    ],
    ['129 matches', httpRoute('shop', [...many(2, 64), ...many(1, 1)]), 'at most 128'],
    [
      'two rules of one name',
      httpRoute('shop', [rule('/', web, { name: 'a' }), rule('/b', web, { name: 'a' })]),
      'is unique',
    ],
    [
      'one parent with and without a section',
      parents({ name: 'a' }, { name: 'a', sectionName: 'b' }),
      'each names',
    ],
    [
      'one parent with and without a port',
      parents({ name: 'a', sectionName: 'b', port: 80 }, { name: 'a', sectionName: 'c' }),
      'a port, or none',
    ],
    [
      'a parent twice',
      parents({ name: 'a', sectionName: 'b' }, { name: 'a', sectionName: 'b' }),
      'named twice',
    ],
    ['a call of nothing', called({}), 'are named'],
    ['a service of gRPC that is none', called({ service: 'a/b' }), 'service is the name'],
    ['a method of gRPC that is none', called({ service: 'a.B', method: 'c.d' }), 'method is the name'],
    ['a timeout of nothing', timed({ timeout: '0s' }), 'at least 1ms'],
    ['a timeout that is no time', timed({ timeout: 'soon' }), 'at least 1ms'],
    ['workloads by any label', rulesFor({ app: 'web*' }), 'without *'],
  ])('refuse %s', async (_what, object, says) => {
    expect(checkOf(object)(object).join('\n')).toContain(says);
    const error: unknown = await client.create(object).catch((problem: unknown) => problem);
    expect(isInvalid(error)).toBe(true);
    expect(String(error)).toContain(says);
  });

  test('take what stands just inside their rules', async () => {
    const objects = [
      asked('^(.*; ?)?a=b$'),
      filtered(REQUEST, RESPONSE, PREFIX, cors(['*']), copies({ percent: 5 }), copies({}, backend('other'))),
      httpRoute('shop', [{ filters: [REDIRECT] }]),
      at('a b//', 'RegularExpression'),
      at('/a%20b/.c/..d'),
      inRule({ timeouts: { request: '0s', backendRequest: '1s' } }),
      inRule({ timeouts: { request: '1s', backendRequest: '1000ms' } }),
      httpRoute('shop', many(2, 64)),
      parents({ name: 'a', sectionName: 'b' }, { name: 'a', sectionName: 'c' }, { name: 'd' }),
      called({ service: 'a.B', method: 'C' }),
      called({ method: '.*', type: 'RegularExpression' }),
      timed({ timeout: '1ms' }),
      rulesFor({ app: 'web' }),
    ];
    for (const [i, object] of objects.entries()) {
      expect(checkOf(object)(object)).toEqual([]);
      await client.create({ ...object, metadata: { ...object.metadata, name: `shop-${i}` } });
    }
  });
});
