import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import { aDeployment } from '../../test/support/objects.ts';
import { PROVIDERS } from '../../providers/index.ts';
import { BY_ROUTES } from '../../providers/shared/steering.ts';
import { podsNeeded, refuseQuota } from './quota.ts';

const step = (weight: number, more: Partial<Step> = {}): Step => ({
  weight,
  minDurationMs: 0,
  maxDurationMs: 1,
  pause: false,
  ...more,
});
const ladder = [step(5), step(50)];
const quota = (hard: JsonObject, used: JsonObject = {}, spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'team', namespace: 'shop' },
  spec,
  status: { hard, used },
});
const container = (requests: JsonObject, more: JsonObject = {}) => ({
  name: 'app',
  resources: { requests },
  ...more,
});
/** 4 replicas, surge 1 (25%). */
const target = (pod: JsonObject = { containers: [container({ cpu: '500m', memory: '1Gi' })] }, spec = {}) =>
  aDeployment('web', { app: 'web' }, { spec: { template: { spec: pod }, ...spec } });
const refusals = (quotas: KubeObject[], of = target()) =>
  refuseQuota({ target: of, ladder, quotas, steering: BY_ROUTES });

describe('pods that a release needs beside the stable ones', () => {
  const surge = (maxSurge: number | string) =>
    target(undefined, { strategy: { rollingUpdate: { maxSurge } } });

  test.each<[string, KubeObject, Step[], number]>([
    ['the last canary and the default surge', target(), ladder, 3],
    ['a surge in percent, rounded up', surge('30%'), ladder, 4],
    ['a surge in pods', surge(3), ladder, 5],
    ['no surge', surge(0), ladder, 2],
    ['an earlier step that is larger', target(), [step(5, { canaryReplicas: 9 }), step(50)], 9],
    ['full size', target(), [step(0, { fullSize: true })], 5],
    ['copies', target(), [step(0, { mirror: 100 }), step(5)], 4],
    ['nothing', target(), [], 1],
  ])('%s', (_name, of, steps, want) => {
    expect(podsNeeded({ target: of, ladder: steps, steering: BY_ROUTES })).toBe(want);
  });

  test('without a router half of the requests are as many pods as stable has', () => {
    const { steering } = PROVIDERS.replicas;
    expect(podsNeeded({ target: target(), ladder, steering })).toBe(5);
  });
});

test.each<[string, KubeObject[]]>([
  ['room to the last pod', [quota({ pods: '10' }, { pods: '7' })]],
  ['no quota', []],
  ['a quota that counts something else', [quota({ 'count/secrets': '1' }, { 'count/secrets': '1' })]],
  ['a quota for pods with a deadline', [quota({ pods: '1' }, { pods: '1' }, { scopes: ['Terminating'] })]],
  ['a quota by priority', [quota({ pods: '1' }, { pods: '1' }, { scopeSelector: {} })]],
  ['a quota that is not counted yet', [{ ...quota({}), status: {} }]],
  ['exactly enough in odd units', [quota({ 'requests.cpu': '3500m' }, { 'requests.cpu': '2' })]],
])('%s is enough', (_name, quotas) => {
  expect(refusals(quotas)).toEqual([]);
});

test.each<[string, KubeObject, string[]]>([
  ['pods', quota({ pods: '10' }, { pods: '8' }), ['ResourceQuota team', 'pods', '8 of 10', '3 more pods']],
  ['pods as objects', quota({ 'count/pods': '2' }), ['count/pods', '0 of 2']],
  ['cpu', quota({ cpu: '4' }, { cpu: '3' }), ['cpu', '3 of 4', '0.5 each']],
  ['memory', quota({ 'requests.memory': '6Gi' }, { 'requests.memory': '4Gi' }), ['requests.memory']],
  [
    'pods without a deadline',
    quota({ pods: '1' }, {}, { scopes: ['NotTerminating'] }),
    ['raise the quota, or set fewer canaryReplicas'],
  ],
])('too little room is refused: %s', (_name, given, words) => {
  const got = refusals([given]);
  expect(got.map(({ reason }) => reason)).toEqual(['QuotaTooSmall']);
  for (const word of words) expect(got[0]?.sentence).toContain(word);
});

describe('what one pod takes', () => {
  const needs = (pod: JsonObject, resource: string, most: string) =>
    refusals([quota({ [resource]: most })], target(pod)).length > 0;

  test.each<[string, JsonObject, string, [less: string, enough: string]]>([
    [
      'all containers together',
      { containers: [container({ cpu: '1' }), container({ cpu: '1' })] },
      'cpu',
      ['5.9', '6'],
    ],
    [
      'the largest init container',
      { containers: [container({ cpu: '1' })], initContainers: [container({ cpu: '3' })] },
      'cpu',
      ['8.9', '9'],
    ],
    [
      'sidecars beside the containers',
      {
        containers: [container({ cpu: '1' })],
        initContainers: [container({ cpu: '1' }, { restartPolicy: 'Always' })],
      },
      'cpu',
      ['5.9', '6'],
    ],
    [
      'a limit where nothing is requested',
      { containers: [{ name: 'app', resources: { limits: { cpu: '1' } } }] },
      'requests.cpu',
      ['2.9', '3'],
    ],
    [
      'limits',
      { containers: [{ name: 'app', resources: { limits: { memory: '1Gi' } } }] },
      'limits.memory',
      ['2Gi', '3Gi'],
    ],
    ['overhead', { containers: [container({ cpu: '1' })], overhead: { cpu: '1' } }, 'cpu', ['5.9', '6']],
  ])('%s', (_name, pod, resource, limits) => {
    expect(limits.map((limit) => needs(pod, resource, limit))).toEqual([true, false]);
  });
});
