import { describe, expect, test } from 'vitest';
import type { KubeObject, ObjectMeta } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aDeployment, aService } from '../../test/support/objects.ts';
import { backend, httpRoute, ingress, ingressPath, rule } from '../../test/support/routes.ts';
import { notesOn, type NotesInput } from './notes.ts';

const labels = { app: 'web' };
const target = (metadata: Partial<ObjectMeta> = {}) => aDeployment('web', labels, { metadata });
const route = (metadata: Partial<ObjectMeta> = {}): KubeObject => {
  const object = httpRoute('shop', [rule('/', [backend('web')])]);
  return { ...object, metadata: { ...object.metadata, ...metadata } };
};
const autoscaler = (kind: string, spec: JsonObject): KubeObject => ({
  apiVersion: 'autoscaling/v2',
  kind,
  metadata: { name: 'auto', namespace: 'shop' },
  spec,
});

const NGINX: KubeObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: 'nginx' },
  spec: { controller: 'k8s.io/ingress-nginx' },
};

function notes(change: Partial<NotesInput> = {}, routes: KubeObject[] = [route()], provider = 'gateway') {
  const traffic = {
    provider,
    stableService: aService('web', labels),
    canaryService: 'web-canary',
    routes,
    rewrite: {},
  } as NotesInput['traffic'];
  return notesOn({
    target: target(),
    surroundings: [],
    services: [],
    strange: [],
    templates: [],
    ingressClasses: [NGINX],
    ladder: [],
    traffic,
    ...change,
  });
}

test('a plain target has none', () => {
  expect(notes()).toEqual([]);
});

describe('autoscalers', () => {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

  test('what will happen is said', () => {
    const got = notes({ surroundings: [autoscaler('HorizontalPodAutoscaler', { scaleTargetRef })] });
    expect(got).toMatchObject([{ reason: 'AutoscalerFollowed' }]);
    expect(got[0]?.sentence).toContain('HorizontalPodAutoscaler auto scales Deployment web');
    expect(got[0]?.sentence).not.toContain('without analysis');
  });

  test.each<[string, JsonObject]>([
    ['HorizontalPodAutoscaler', { scaleTargetRef, minReplicas: 0 }],
    ['ScaledObject', { scaleTargetRef: { name: 'web' } }],
  ])('a %s that scales to 0 lets changes through', (kind, spec) => {
    expect(notes({ surroundings: [autoscaler(kind, spec)] })[0]?.sentence).toContain('without analysis');
  });

  test('of other workloads are none of its business', () => {
    const others = [
      { ...scaleTargetRef, name: 'api' },
      { ...scaleTargetRef, kind: 'StatefulSet' },
    ];
    const surroundings = others.map((ref) =>
      autoscaler('HorizontalPodAutoscaler', { scaleTargetRef: ref, minReplicas: 1 }),
    );
    expect(notes({ surroundings })).toEqual([]);
  });
});

describe('routes that a tool applies', () => {
  const applied: [string, string, Partial<ObjectMeta>][] = [
    ['Argo CD', 'its annotation', { annotations: { 'argocd.argoproj.io/tracking-id': 'x' } }],
    [
      'Argo CD',
      'its field manager',
      { managedFields: [{ manager: 'argocd-controller', operation: 'Apply' }] },
    ],
    ['Flux', 'its label', { labels: { 'kustomize.toolkit.fluxcd.io/name': 'x' } }],
    ['Flux', 'its field manager', { managedFields: [{ manager: 'helm-controller', operation: 'Apply' }] }],
  ];
  test.each(applied)('%s, known by %s', (name, _by, metadata) => {
    const got = notes({}, [route(metadata)]);
    expect(got).toMatchObject([{ reason: 'RouteAppliedByTool' }]);
    expect(got[0]?.sentence).toContain(`HTTPRoute shop is applied by ${name}`);
    expect(got[0]?.sentence).toContain('docs/gitops.md');
  });

  test('matter only where the route itself is edited', () => {
    const main = ingress('shop', { 'shop.example.com': [ingressPath('/', 'web')] });
    main.metadata.annotations = { 'argocd.argoproj.io/tracking-id': 'x' };
    expect(notes({}, [main], 'nginx')).toEqual([]);
  });
});

describe('a manifest that sets spec.paused', () => {
  const fieldsV1 = { 'f:spec': { 'f:paused': {}, 'f:replicas': {} } };
  const lastApplied = (spec: JsonObject) => ({
    annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec }) },
  });

  test.each<[string, Partial<ObjectMeta>, string]>([
    ['by server-side apply', { managedFields: [{ manager: 'flux', operation: 'Apply', fieldsV1 }] }, 'flux'],
    ['by kubectl apply', lastApplied({ paused: false }), 'kubectl apply'],
  ])('%s', (_name, metadata, who) => {
    const got = notes({ target: target(metadata) });
    expect(got).toMatchObject([{ reason: 'PausedInManifest' }]);
    expect(got[0]?.sentence).toContain(`applied by ${who}`);
  });

  test.each<[string, Partial<ObjectMeta>]>([
    ['Sluice itself', { managedFields: [{ manager: 'sluice', operation: 'Apply', fieldsV1 }] }],
    ['kubectl rollout pause', { managedFields: [{ manager: 'kubectl', operation: 'Update', fieldsV1 }] }],
    ['a manifest without it', lastApplied({ replicas: 2 })],
    [
      'an annotation that is no JSON',
      {
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{' },
      },
    ],
  ])('is not %s', (_name, metadata) => {
    expect(notes({ target: target(metadata) })).toEqual([]);
  });
});

test('what Ingress-NGINX does not count, for its routes alone', () => {
  const catchAll = ingress('shop', { '': [ingressPath('/', 'web')] });
  expect(notes({}, [catchAll], 'nginx')).toMatchObject([{ reason: 'HostNotCounted' }]);
  expect(notes({}, [catchAll], 'istio')).toEqual([]);
});

describe('without a router', () => {
  const ladder = [5, 20].map((weight) => ({ weight, minDurationMs: 0, maxDurationMs: 0, pause: false }));
  const service = (name: string, spec: JsonObject, selector = labels) => aService(name, selector, { spec });

  test('what becomes of the weights is said', () => {
    expect(notes({ ladder }, [], 'replicas')).toEqual([
      {
        reason: 'WeightsInPods',
        sentence:
          'Without a router, weights are shares of whole pods: beside 4 pods of Deployment web weight 5 becomes 20 (1 canary pod), weight 20 is 1 canary pod.',
      },
    ]);
    expect(notes({ ladder: ladder.slice(1) }, [], 'replicas')).toEqual([]);
    expect(notes({ ladder })).toEqual([]);
  });

  test('and which clients do not follow them', () => {
    const services = [
      service('sticky', { sessionAffinity: 'ClientIP' }),
      service('headless', { clusterIP: 'None' }),
      service('plain', { clusterIP: '10.0.0.1', sessionAffinity: 'None' }),
      service('other', { clusterIP: 'None' }, { app: 'api' }),
    ];
    const got = notes({ services }, [], 'replicas');
    expect(got.map(({ reason }) => reason)).toEqual(['SessionsStay', 'ClientsChoose']);
    expect(got.map(({ sentence }) => /Service (\w+)/.exec(sentence)?.[1])).toEqual(['sticky', 'headless']);
    expect(notes({ services })).toEqual([]);
  });
});
