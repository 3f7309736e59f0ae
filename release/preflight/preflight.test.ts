import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aDeployment, aService, madeFor } from '../../test/support/objects.ts';
import { backend, httpRoute, rule } from '../../test/support/routes.ts';
import { preflight, type PreflightInput } from './preflight.ts';

const labels = { app: 'web' };
const target = aDeployment('web', labels);
const service = aService('web', labels);
const route = httpRoute('shop', [rule('/', [backend('web')])]);
const traffic: PreflightInput['traffic'] = {
  provider: 'gateway',
  stableService: service,
  canaryService: 'web-canary',
  routes: [route],
  rewrite: { app: { from: 'web', to: 'web-canary' } },
};
const input = (change: Partial<PreflightInput> = {}): PreflightInput => ({
  target,
  strategy: 'canary',
  traffic,
  deployments: [target],
  services: [service],
  ladder: [],
  surroundings: [],
  ...change,
});
const withSpec = (spec: JsonObject): Partial<PreflightInput> => ({
  target: aDeployment('web', labels, { spec }),
});
const pods = (spec: JsonObject) => withSpec({ template: { metadata: { labels }, spec } });
const claim = (...accessModes: string[]): KubeObject => ({
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data', namespace: 'shop' },
  spec: { accessModes },
});
const mounting = pods({ volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] });
const marked = (
  metadata: Partial<KubeObject['metadata']>,
  spec: JsonObject = {},
): Partial<PreflightInput> => ({
  traffic: { ...traffic, stableService: aService('web', labels, { metadata, spec }) },
});

test.each<[string, Partial<PreflightInput>]>([
  ['a plain target', {}],
  [
    'a claim that many pods can mount',
    { ...mounting, surroundings: [claim('ReadWriteOnce', 'ReadWriteMany')] },
  ],
  ['a claim that is not seen', mounting],
  ['a container port', pods({ containers: [{ name: 'app', ports: [{ containerPort: 80, hostPort: 0 }] }] })],
  [
    'canary objects that are ours',
    {
      deployments: [aDeployment('web-canary', labels, { metadata: madeFor(target) })],
    },
  ],
  [
    'a large template',
    pods({ containers: [{ name: 'app', env: [{ name: 'X', value: 'x'.repeat(190 * 1024) }] }] }),
  ],
  ['Argo CD', marked({ annotations: { 'argocd.argoproj.io/tracking-id': 'x' } })],
])('%s may start', (_name, change) => {
  expect(preflight(input(change))).toEqual([]);
});

test.each<[string, Partial<PreflightInput>, string, string[]]>([
  [
    'Recreate',
    withSpec({ strategy: { type: 'Recreate' } }),
    'TargetUnsupported',
    ['spec.strategy.type', 'RollingUpdate'],
  ],
  [
    'a hostPort',
    pods({ containers: [{ name: 'app', ports: [{ containerPort: 80, hostPort: 8080 }] }] }),
    'TargetUnsupported',
    ['container app', 'hostPort 8080'],
  ],
  [
    'a claim for one node',
    { ...mounting, surroundings: [claim('ReadWriteOnce')] },
    'TargetUnsupported',
    ['PersistentVolumeClaim data', 'ReadWriteOnce', 'ReadWriteMany'],
  ],
  [
    'a template too large for a record',
    pods({ containers: [{ name: 'app', env: [{ name: 'X', value: 'ü'.repeat(100 * 1024) }] }] }),
    'TargetUnsupported',
    ['spec.template', '201 KiB', '192', 'ConfigMap'],
  ],
  [
    'another strategy',
    { strategy: 'ab', traffic: { ...traffic, provider: 'linkerd' } },
    'StrategyUnsupported',
    ['"ab"', 'linkerd', 'use canary'],
  ],
  [
    'a Deployment of the canary’s name',
    { deployments: [aDeployment('web-canary', labels)] },
    'NameTaken',
    ['Deployment web-canary'],
  ],
  [
    'a Service of the canary’s name',
    { services: [aService('web-canary', labels)] },
    'NameTaken',
    ['Service web-canary'],
  ],
  [
    'Argo Rollouts on the Service',
    marked({}, { selector: { app: 'web', 'rollouts-pod-template-hash': '5d8' } }),
    'TargetUnsupported',
    ['Service web', 'Argo Rollouts'],
  ],
  [
    'Flagger on the Service',
    marked({
      ownerReferences: [{ apiVersion: 'flagger.app/v1beta1', kind: 'Canary', name: 'web', uid: '1' }],
    }),
    'TargetUnsupported',
    ['Service web', 'Flagger'],
  ],
  [
    'OpenKruise on the target',
    {
      target: aDeployment('web', labels, {
        metadata: { annotations: { 'rollouts.kruise.io/batch-release': '{}' } },
      }),
    },
    'TargetUnsupported',
    ['Deployment web', 'OpenKruise'],
  ],
  [
    'Argo Rollouts on the route',
    {
      traffic: {
        ...traffic,
        routes: [
          { ...route, metadata: { ...route.metadata, labels: { 'argo-rollouts.argoproj.io/x': 'y' } } },
        ],
      },
    },
    'TargetUnsupported',
    ['HTTPRoute shop', 'Argo Rollouts'],
  ],
])('%s is refused', (_name, change, reason, words) => {
  const got = preflight(input(change));
  expect(got).toHaveLength(1);
  expect(got[0]?.reason).toBe(reason);
  for (const word of words) expect(got[0]?.sentence).toContain(word);
});
