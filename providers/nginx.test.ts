import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { ingress, ingressPath } from '../test/support/routes.ts';
import { aTrafficContext, percent } from '../test/support/traffic.ts';
import { canaryIngressName } from './nginx-ingress.ts';
import { foreignCanaries, nginx } from './nginx.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/';
const main = ingress('shop', { 'shop.example.com': [ingressPath('/', 'web'), ingressPath('/api', 'api')] });
const annotated = (annotations: Record<string, string>): KubeObject => ({
  ...main,
  metadata: { ...main.metadata, annotations },
});

/** The canary Ingress that stands after the plan for `weight`. */
function made(weight: number, given = main): KubeObject {
  const [write] = nginx.plan(aTrafficContext([given]), percent(weight));
  if (write?.verb !== 'create') throw new Error('nothing was made');
  return { ...write.object, metadata: { ...write.object.metadata, uid: 'uid-1' } };
}

describe('what is written', () => {
  test('an Ingress of our own, for the paths of the stable Service alone', () => {
    expect(nginx.plan(aTrafficContext([main]), percent(5))).toEqual([
      {
        verb: 'create',
        object: {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'Ingress',
          metadata: {
            name: canaryIngressName('shop', 'web'),
            namespace: 'shop',
            labels: {
              'sluice.dev/target': 'web',
              'sluice.dev/release': 'web-7',
              'app.kubernetes.io/managed-by': 'sluice',
            },
            annotations: { [`${PREFIX}canary`]: 'true', [`${PREFIX}canary-weight`]: '5' },
            ownerReferences: [aTrafficContext([]).owner],
          },
          spec: {
            ingressClassName: 'nginx',
            rules: [{ host: 'shop.example.com', http: { paths: [ingressPath('/', 'web-canary')] } }],
          },
        },
      },
    ]);
  });

  test('a change of weight is applied, what others added to it stays', () => {
    const live = made(5);
    const marked = {
      ...live,
      metadata: { ...live.metadata, annotations: { ...live.metadata.annotations, by: 'x' } },
    };
    expect(nginx.plan(aTrafficContext([main], { made: [marked] }), percent(5))).toEqual([]);
    expect(nginx.plan(aTrafficContext([main], { made: [marked] }), percent(50))).toMatchObject([
      { verb: 'apply', object: { metadata: { annotations: { [`${PREFIX}canary-weight`]: '50' } } } },
    ]);
  });

  test('weight 0 deletes it, because sticky clients would stay', () => {
    const context = aTrafficContext([main], { made: [made(50)] });
    const gone = [{ verb: 'delete', ref: { name: canaryIngressName('shop', 'web') }, uid: 'uid-1' }];
    expect(nginx.plan(context, percent(0))).toMatchObject(gone);
    expect(nginx.cleanup(context)).toMatchObject(gone);
  });

  test('one that is being deleted is not deleted again, and one of another target never', () => {
    const live = made(50);
    const deleting = { ...live, metadata: { ...live.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
    expect(nginx.plan(aTrafficContext([main], { made: [deleting] }), percent(0))).toEqual([]);
    expect(nginx.plan(aTrafficContext([main], { made: [live], target: 'api' }), percent(0))).toEqual([]);
  });

  test('only what the controller reads from the canary is copied', () => {
    const given = annotated({
      'kubernetes.io/ingress.class': 'internal',
      [`${PREFIX}service-upstream`]: 'true',
      [`${PREFIX}affinity`]: 'cookie',
      [`${PREFIX}configuration-snippet`]: 'x',
      'cert-manager.io/cluster-issuer': 'ca',
      'argocd.argoproj.io/tracking-id': 'x',
    });
    expect(made(5, given).metadata.annotations).toEqual({
      'kubernetes.io/ingress.class': 'internal',
      [`${PREFIX}service-upstream`]: 'true',
      [`${PREFIX}canary`]: 'true',
      [`${PREFIX}canary-weight`]: '5',
    });
  });

  test('names of different pairs differ although they join to the same text', () => {
    expect(canaryIngressName('a-b', 'c')).not.toBe(canaryIngressName('a', 'b-c'));
  });
});

describe('what is observed', () => {
  const observe = (...objects: KubeObject[]) => nginx.observe(aTrafficContext([main], { made: objects }));

  test('the weight of the canary Ingress, confirmed by nobody', () => {
    expect(observe(made(5))).toEqual({ weight: 5, acknowledged: 'unknown' });
    expect(observe()).toEqual({ weight: 0, acknowledged: 'unknown' });
  });

  test('one made for an earlier release counts', () => {
    expect(nginx.observe(aTrafficContext([main], { made: [made(5)], release: 'web-8' })).weight).toBe(5);
  });

  test.each<[string, (live: KubeObject) => KubeObject]>([
    ['a weight that the controller takes for 0', (live) => withWeight(live, '10%')],
    ['no weight', (live) => withWeight(live, '')],
    ['other paths', (live) => ({ ...live, spec: { ...live.spec, rules: [] } })],
    ['another class', (live) => ({ ...live, spec: { ...live.spec, ingressClassName: 'x' } })],
  ])('%s: the share is not known, and it is put right', (_name, change) => {
    const live = change(made(5));
    expect(observe(live).weight).toBeUndefined();
    expect(observe(live).problem).toBeDefined();
    expect(nginx.plan(aTrafficContext([main], { made: [live] }), percent(5))).toHaveLength(1);
  });

  test('a canary Ingress whose main Ingress left the Service is a problem and goes', () => {
    const context = aTrafficContext([], { made: [made(5)] });
    expect(nginx.observe(context).weight).toBeUndefined();
    expect(nginx.plan(context, percent(5))).toMatchObject([{ verb: 'delete' }]);
  });
});

function withWeight(live: KubeObject, weight: string): KubeObject {
  const annotations = { ...live.metadata.annotations, [`${PREFIX}canary-weight`]: weight };
  return { ...live, metadata: { ...live.metadata, annotations } };
}

describe('what is refused', () => {
  test.each<[string, KubeObject, string]>([
    [
      'the default backend',
      { ...main, spec: { ...main.spec, defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
      'spec.defaultBackend',
    ],
    ['a canary Ingress that names stable', annotated({ [`${PREFIX}canary`]: 'true' }), 'itself a canary'],
    ['TLS that is passed through', annotated({ [`${PREFIX}ssl-passthrough`]: 'true' }), 'ssl-passthrough'],
  ])('%s', (_name, given, word) => {
    const got = nginx.refuse(aTrafficContext([given]));
    expect(got).toHaveLength(1);
    expect(got[0]?.reason).toBe('RouteUnsupported');
    expect(got[0]?.sentence).toContain(word);
  });

  test('canary Ingresses of others count only where they meet ours', () => {
    const byHand = (path: string) =>
      ingress(
        'by-hand',
        { 'shop.example.com': [ingressPath(path, 'v2')] },
        {
          metadata: { name: 'by-hand', annotations: { [`${PREFIX}canary`]: 'true' } },
        },
      );
    const context = aTrafficContext([main]);
    expect(foreignCanaries(context, [main, byHand('/')])).toHaveLength(1);
    expect(foreignCanaries(context, [main, byHand('/api')])).toEqual([]);
    expect(foreignCanaries(context, [main, made(5)])).toEqual([]);
  });
});
