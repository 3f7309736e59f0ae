import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aTrafficContext } from '../../test/support/traffic.ts';
import { OFF } from '../provider.ts';
import { contour } from './contour.ts';

const service = (name: string, more: JsonObject = {}): JsonObject => ({ name, port: 80, ...more });

function proxy(route: JsonObject, change: Partial<KubeObject> = {}): KubeObject {
  return {
    apiVersion: 'projectcontour.io/v1',
    kind: 'HTTPProxy',
    metadata: { name: 'shop', namespace: 'shop', generation: 2 },
    spec: { virtualhost: { fqdn: 'shop.example.com' }, routes: [{ services: [service('web')], ...route }] },
    ...change,
  };
}

const condition = (status: string, observedGeneration: number, more: JsonObject = {}): JsonObject => ({
  currentStatus: status === 'True' ? 'valid' : 'invalid',
  conditions: [{ type: 'Valid', status, observedGeneration, message: 'see errors', ...more }],
});

describe('what is refused, each with a remedy', () => {
  test.each<[string, KubeObject, string[]]>([
    [
      'another Service',
      proxy({ services: [service('web'), service('x')] }),
      ['ForeignDestination', 'Service x'],
    ],
    [
      'a copy in the same list',
      proxy({ services: [service('web'), service('audit', { mirror: true })] }),
      ['RouteUnsupported', 'copies requests to Service audit'],
    ],
    [
      'sessions by a cookie',
      proxy({ loadBalancerPolicy: { strategy: 'Cookie' } }),
      ['RouteUnsupported', 'strategy Cookie'],
    ],
    [
      'a route that Contour answers itself',
      proxy({ requestRedirectPolicy: { scheme: 'https' } }),
      ['RouteUnsupported', 'requestRedirectPolicy'],
    ],
    [
      'what Contour rejects',
      proxy({}, { status: condition('False', 2, { errors: [{ message: 'no such Secret' }] }) }),
      ['RouteRejected', 'HTTPProxy shop is invalid: no such Secret'],
    ],
    [
      'the canary in it already',
      proxy({ services: [service('web'), service('web-canary', { weight: 0 })] }),
      ['RouteUnsupported', 'already names Service web-canary'],
    ],
    [
      'connections',
      proxy({}, { spec: { routes: [], tcpproxy: { services: [service('web')] } } }),
      ['RouteUnsupported', 'spec.tcpproxy'],
    ],
  ])('%s', (_name, object, [reason, words]) => {
    const [refusal, ...more] = contour.refuse(aTrafficContext([object]));
    expect(more).toEqual([]);
    expect(refusal).toMatchObject({ reason });
    expect(refusal?.sentence).toContain(words);
  });

  test('copies, matches and sessions, which no weight can give', () => {
    const wants = {
      total: 100,
      mirror: 10,
      match: { headers: [], cookies: [] },
      sticky: { cookie: 'c', maxAgeMs: 1 },
    };
    const refusals = contour.refuse(aTrafficContext([proxy({})], { wants }));
    expect(refusals.map(({ reason }) => reason)).toEqual(Array(3).fill('StrategyUnsupported'));
  });

  test('nothing of an error that came in mid-release: it may be our own doing', () => {
    const object = proxy({}, { status: condition('False', 2) });
    const originals = contour.record(aTrafficContext([object]));
    expect(contour.refuse(aTrafficContext([object], { originals }))).toEqual([]);
  });
});

describe('a weight is confirmed', () => {
  const split = (status: JsonObject | undefined, weight = 5) =>
    proxy(
      { services: [service('web', { weight: 100 - weight }), service('web-canary', { weight })] },
      status === undefined ? {} : { status },
    );
  const seen = (object: KubeObject) => {
    const originals = contour.record(aTrafficContext([proxy({})]));
    return contour.observe(aTrafficContext([object], { originals }));
  };

  test.each<[string, JsonObject | undefined, string]>([
    ['once Contour has looked at it', condition('True', 2), 'yes'],
    ['not by what was said about the generation before', condition('True', 1), 'pending'],
    ['not before anything is said', undefined, 'pending'],
    ['not while Contour finds it invalid', condition('False', 2), 'pending'],
  ])('%s', (_name, status, acknowledged) => {
    expect(seen(split(status))).toMatchObject({ weight: 5, acknowledged });
  });

  test('as off, though the Service of the canary is not found any more', () => {
    const status = condition('False', 2, { errors: [{ message: 'Service web-canary not found' }] });
    expect(seen(split(status, 0))).toMatchObject({
      weight: 0,
      acknowledged: 'yes',
      problem: expect.stringContaining('not found') as string,
    });
  });
});

test('services without any weight share alike, so a canary beside them must not be one of them', () => {
  const object = proxy({ services: [service('web', { weight: 0 }), service('web-canary', { weight: 0 })] });
  const originals = contour.record(aTrafficContext([proxy({ services: [service('web', { weight: 0 })] })]));
  const context = aTrafficContext([object], { originals });
  expect(contour.observe(context)).toMatchObject({ weight: 50 });
  expect(contour.plan(context, OFF)).toMatchObject([
    {
      verb: 'jsonPatch',
      patch: [{ op: 'test' }, { op: 'add', path: '/spec/routes/0/services/0/weight', value: 100 }],
    },
  ]);
});
