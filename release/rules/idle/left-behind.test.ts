import { describe, expect, it } from 'vitest';
import { getObjects } from '../../../lib/json.ts';
import type { KubeObject, ObjectMeta } from '../../../api/kube.ts';
import {
  aRoute,
  aSnapshot,
  aTarget,
  canary,
  canaryServiceObject,
  doing,
  ownedBy,
  replicaSet,
  SERVICE,
  UID,
} from '../../../test/support/builders.ts';
import { initial } from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';

const REMOVED = [
  'delete Deployment/web-canary: remove a canary',
  'delete Service/web-canary: remove a canary Service',
];

/** A canary under traffic whose Release is gone although its finalizer should have kept it. */
const forgotten = (route: KubeObject, policy: 'default' | null = 'default') =>
  decide(
    aSnapshot([
      aTarget({ image: 'web:2', policy }),
      replicaSet('web:1'),
      canary(),
      canaryServiceObject(),
      SERVICE,
      route,
      initial(),
    ]),
  );

/** Written before the canary is deleted, because only the canary shows that a release was running. */
const RECORDED = 'create Release/web-5: record how the deleted release ended';

describe('a canary whose Release was torn away, finalizer and all', () => {
  it.each([
    {
      given: 'traffic goes to it',
      route: aRoute(25),
      does: ['jsonPatch HTTPRoute/web: take all traffic off a forgotten canary', RECORDED],
    },
    {
      given: 'the route still names it',
      route: aRoute(0),
      does: [RECORDED, 'jsonPatch HTTPRoute/web: restore a forgotten route'],
    },
    { given: 'the route knows nothing of it', route: aRoute(), does: [RECORDED, ...REMOVED] },
  ])('loses its traffic before it is deleted: $given', ({ route, does }) => {
    expect(doing(forgotten(route))).toEqual(does);
  });

  it('on every kind of route that is edited in place', () => {
    const to = (canary: number) => [
      { destination: { host: 'web' }, weight: 100 - canary },
      { destination: { host: 'web-canary' }, weight: canary },
    ];
    const routed = (canary: number): KubeObject => ({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { hosts: ['web'], http: [{ route: to(canary) }] },
    });
    expect(doing(forgotten(routed(25)))).toEqual([
      'jsonPatch VirtualService/web: take all traffic off a forgotten canary',
      RECORDED,
    ]);
    expect(doing(forgotten(routed(0)))).toEqual([
      RECORDED,
      'jsonPatch VirtualService/web: restore a forgotten route',
    ]);
  });

  it('on a route that only copies requests to it', () => {
    const given = aRoute();
    const rules = getObjects(given, 'spec', 'rules').map((rule) => ({
      ...rule,
      filters: [{ type: 'RequestMirror', requestMirror: { backendRef: { name: 'web-canary', port: 80 } } }],
    }));
    expect(doing(forgotten({ ...given, spec: { ...given.spec, rules } }))).toEqual([
      'jsonPatch HTTPRoute/web: take all traffic off a forgotten canary',
      RECORDED,
    ]);
  });

  it('also when the target opted out', () => {
    expect(doing(forgotten(aRoute(25), null))[0]).toContain('take all traffic off');
  });

  it('leaves what stable and canary held together on stable', () => {
    expect(forgotten(aRoute(25)).actions[0]).toMatchObject({
      write: {
        patch: [
          { op: 'test' },
          { path: expect.stringContaining('/0/weight') as string, value: 100 },
          { value: 0 },
        ],
      },
    });
  });
});

describe('what somebody labelled as if Sluice had made it', () => {
  const LABELS = { 'sluice.dev/target': 'web', 'app.kubernetes.io/managed-by': 'sluice' };
  const labelled = (apiVersion: string, kind: string, name: string, more: Partial<ObjectMeta> = {}) => ({
    apiVersion,
    kind,
    metadata: { name, namespace: 'shop', uid: `uid-${name}`, labels: LABELS, ...more },
    spec: { selector: { app: 'web-canary' }, template: {}, podSelector: {} },
  });
  const others = (more: Partial<ObjectMeta> = {}): KubeObject[] => [
    labelled('apps/v1', 'Deployment', 'web-canary', more),
    labelled('v1', 'Service', 'bill', more),
    labelled('networking.k8s.io/v1', 'Ingress', 'bill', more),
    labelled('networking.k8s.io/v1', 'NetworkPolicy', 'default-deny', {
      annotations: { 'sluice.dev/copy-of': 'web@b' },
      ...more,
    }),
  ];
  const idle = (objects: KubeObject[]) =>
    doing(decide(aSnapshot([aTarget(), replicaSet('web:1'), SERVICE, aRoute(), initial(), objects])));

  it.each([
    ['nobody', {}],
    ['another Deployment', { ownerReferences: [ownedBy('Deployment', 'web', 'uid-of-another')] }],
    ['no Deployment', { ownerReferences: [ownedBy('ReplicaSet', 'web', UID)] }],
  ])('is not deleted: owned by %s', (_whom, more) => {
    expect(idle(others(more))).toEqual([]);
  });

  it('is deleted only where the target owns it', () => {
    expect(idle(others({ ownerReferences: [ownedBy('Deployment', 'web', UID)] }))).not.toEqual([]);
  });
});
