import { describe, expect, test } from 'vitest';
import { aDeployment, aService } from '../../test/support/objects.ts';
import { canaryDeployment, canaryService, rewriteOf } from './objects.ts';

const rewrite = { app: { from: 'web', to: 'web-canary' } };
const owner = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  name: 'web',
  uid: 'uid-deployment-web',
  blockOwnerDeletion: false,
};
const ours = {
  'sluice.dev/target': 'web',
  'sluice.dev/release': 'web-7',
  'app.kubernetes.io/managed-by': 'sluice',
};

describe('canaryDeployment', () => {
  const target = aDeployment(
    'web',
    { app: 'web', 'app.kubernetes.io/instance': 'web-prod' },
    {
      metadata: {
        labels: {
          team: 'a',
          'app.kubernetes.io/instance': 'web-prod',
          'helm.sh/chart': 'web-1',
          'app.kubernetes.io/managed-by': 'Helm',
        },
        annotations: {
          'sluice.dev/policy': 'default',
          'sluice.dev/held': 'new',
          'meta.helm.sh/release-name': 'web',
          'argocd.argoproj.io/tracking-id': 'web:apps/Deployment:shop/web',
          'kustomize.toolkit.fluxcd.io/checksum': 'x',
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'deployment.kubernetes.io/revision': '3',
          'example.com/owner': 'team-a',
        },
        finalizers: ['example.com/x'],
      },
      spec: {
        paused: true,
        minReadySeconds: 5,
        progressDeadlineSeconds: 60,
        strategy: { type: 'RollingUpdate' },
        later: { kept: [1] },
      },
    },
  );
  const canary = canaryDeployment({ target, rewrite, release: 'web-7', replicas: 2 });

  test('runs the new template beside the stable one, unpaused', () => {
    expect(canary.spec).toEqual({
      replicas: 2,
      selector: { matchLabels: { app: 'web-canary' } },
      template: {
        metadata: { labels: { app: 'web-canary', 'app.kubernetes.io/instance': 'web-prod' } },
        spec: { containers: [{ name: 'app', image: 'app:1' }] },
      },
      minReadySeconds: 5,
      progressDeadlineSeconds: 60,
      strategy: { type: 'RollingUpdate' },
      later: { kept: [1] },
    });
  });

  test('belongs to the target and to nobody who tracks the target, and has not opted in', () => {
    expect(canary.metadata).toEqual({
      name: 'web-canary',
      namespace: 'shop',
      ownerReferences: [owner],
      labels: { team: 'a', ...ours },
      annotations: { 'example.com/owner': 'team-a', 'sluice.dev/rewrite': JSON.stringify(rewrite) },
    });
  });

  test('a label that only Services know narrows its selector too', () => {
    const tracked = aDeployment('web', { app: 'web', 'sluice.dev/track': 'stable' });
    const track = { 'sluice.dev/track': { from: 'stable', to: 'canary' } };
    const made = canaryDeployment({ target: tracked, rewrite: track, release: 'web-7', replicas: 1 });
    expect(made.spec?.['selector']).toEqual({ matchLabels: { app: 'web', 'sluice.dev/track': 'canary' } });
  });
});

test.each([undefined, 'no JSON', '[]', '{"app":1}', '{"app":{"from":"web"}}'])('%s is no rewrite', (text) => {
  const annotations = text === undefined ? {} : { 'sluice.dev/rewrite': text };
  expect(rewriteOf(aDeployment('web-canary', { app: 'web' }, { metadata: { annotations } }))).toBeUndefined();
});

describe('canaryService', () => {
  const target = aDeployment('web', { app: 'web' });
  const make = (stableService: ReturnType<typeof aService>) =>
    canaryService({ target, rewrite, release: 'web-7', stableService });

  test('is the stable one for other pods, with nothing that is bound to one address outside', () => {
    const stable = aService(
      'web',
      { app: 'web' },
      {
        metadata: {
          labels: { team: 'a', 'argocd.argoproj.io/instance': 'web' },
          annotations: {
            'external-dns.alpha.kubernetes.io/hostname': 'web.example.com',
            'service.kubernetes.io/topology-mode': 'Auto',
          },
        },
        spec: {
          type: 'LoadBalancer',
          clusterIP: '10.0.0.1',
          clusterIPs: ['10.0.0.1'],
          loadBalancerIP: '1.2.3.4',
          externalTrafficPolicy: 'Local',
          publishNotReadyAddresses: true,
          ports: [
            { name: 'http', port: 80, targetPort: 'web', nodePort: 30080, appProtocol: 'kubernetes.io/h2c' },
          ],
          ipFamilies: ['IPv6'],
          sessionAffinity: 'ClientIP',
          sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } },
          later: { kept: true },
        },
      },
    );
    expect(make(stable)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: {
        name: 'web-canary',
        namespace: 'shop',
        ownerReferences: [owner],
        labels: { team: 'a', ...ours },
        annotations: { 'service.kubernetes.io/topology-mode': 'Auto' },
      },
      spec: {
        type: 'ClusterIP',
        selector: { app: 'web-canary' },
        ports: [{ name: 'http', port: 80, targetPort: 'web', appProtocol: 'kubernetes.io/h2c' }],
        ipFamilies: ['IPv6'],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 5 } },
        later: { kept: true },
      },
    });
  });

  test('a headless Service has a headless canary', () => {
    expect(make(aService('web', { app: 'web' }, { spec: { clusterIP: 'None' } })).spec).toMatchObject({
      clusterIP: 'None',
    });
  });
});
