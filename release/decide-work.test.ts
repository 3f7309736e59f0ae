import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { aRoute, aSnapshot, aTarget, ownedBy, replicaSet, SERVICE, UID } from '../test/support/builders.ts';
import { counting } from '../test/support/counting.ts';
import { aRelease, initial, underWay } from '../test/support/release-builders.ts';
import { decide } from './decide.ts';
import type { Decision } from './model.ts';

/** A Release of the held template, made a moment ago: its pass looks for everything that prevents it. */
function pending(template: JsonObject): KubeObject {
  const made = aRelease({ recorded: false, status: null });
  const canary = { ...(made.spec?.['canary'] as JsonObject), template };
  const spec: JsonObject = { ...made.spec, canary, policy: {}, analysis: [] };
  delete spec['traffic'];
  return { ...made, spec };
}

/** Maximum number of property reads for each value in a snapshot, however many values it has. */
const READS = 60;

interface Pass {
  decision: Decision;
  readsPerValue: number;
}

function pass(objects: KubeObject[]): Pass {
  const snapshot = counting(aSnapshot(objects));
  const decision = decide(snapshot.value);
  return { decision, readsPerValue: snapshot.reads() / snapshot.size };
}

const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));
const object = (apiVersion: string, kind: string, name: string, spec: JsonObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop', uid: `uid-${kind}-${name}` },
  spec,
});
const service = (i: number, selector: Record<string, string>): KubeObject =>
  object('v1', 'Service', `s${i}`, { selector, ports: [{ port: 80 }] });
/** The held target with more labels on its template, and the Release of that template. */
const labelled = (labels: Record<string, string>, matchLabels = { app: 'web' }): KubeObject[] => {
  const target = aTarget({ image: 'web:2' });
  const template = {
    metadata: { labels: { app: 'web', ...labels } },
    spec: { containers: [{ name: 'app', image: 'web:2' }] },
  };
  const spec = { ...target.spec, template, selector: { matchLabels } };
  return [{ ...target, spec }, pending(template)];
};
const labels = (n: number, prefix = 'k'): Record<string, string> =>
  Object.fromEntries(times(n, (i) => [`${prefix}${i}`, 'x']));
const bare = [...replicaSet('web:1'), SERVICE, aRoute(), initial()];
const held = [...labelled({}), ...bare];

const policy = (i: number, matchLabels: Record<string, string>, peers = 1): KubeObject =>
  object('networking.k8s.io/v1', 'NetworkPolicy', `np${i}`, {
    podSelector: { matchLabels },
    policyTypes: ['Ingress'],
    ingress: [{ from: times(peers, () => ({ podSelector: { matchLabels } })) }],
  });

/** What tenants may put into their own namespace, of any size. */
const SHAPES: { given: string; of: (n: number) => KubeObject[]; says?: RegExp }[] = [
  {
    given: 'Services that share no label',
    of: (n) => [
      ...labelled(Object.assign({}, ...times(n, (i) => labels(3, `k${i}-`))) as Record<string, string>),
      ...bare,
      ...times(n, (i) => service(i, labels(3, `k${i}-`))),
    ],
    says: /Services select the pods of Deployment web, more than/,
  },
  {
    given: 'few Services that select by many labels each and share none',
    of: (n) => [
      ...labelled(labels(n)),
      ...bare.filter(({ kind }) => kind !== 'Service'),
      ...times(8, (i) =>
        service(i, Object.fromEntries(times(Math.floor(n / 8), (j) => [`k${j * 8 + i}`, 'x']))),
      ),
      { ...SERVICE, spec: { ...SERVICE.spec, selector: { k0: 'x' } } },
    ],
    says: /too many different labels/,
  },
  {
    given: 'many labels in the selectors of Deployment, Service and policies',
    of: (n) => [
      ...labelled(labels(n), { app: 'web', ...labels(n) }),
      ...bare.filter(({ kind }) => kind !== 'Service'),
      { ...SERVICE, spec: { ...SERVICE.spec, selector: labels(n) } },
      ...times(200, (i) => policy(i, { app: 'web', k0: 'x' })),
    ],
    says: /more than the 64/,
  },
  {
    given: 'as many labels as are taken, and as many policies',
    of: (n) => [
      ...labelled(labels(60), { app: 'web', ...labels(60) }),
      ...bare.filter(({ kind }) => kind !== 'Service'),
      { ...SERVICE, spec: { ...SERVICE.spec, selector: labels(60) } },
      ...times(Math.min(n, 500), (i) => policy(i, { k1: 'x' })),
    ],
    says: /are recorded/,
  },
  {
    given: 'policies with many peers',
    of: (n) => [...held, ...times(50, (i) => policy(i, { app: 'web' }, n))],
    says: /more than the 50000 values/,
  },
  {
    given: 'more policies than one pass looks at',
    of: (n) => [...held, ...times(n, (i) => policy(i, { app: 'web' }))],
    says: /more than the 500/,
  },
  {
    given: 'Services and pods, each with labels of its own',
    of: (n) => [
      ...held,
      ...times(n, (i) => service(i, { app: `a${i}` })),
      ...times(n, (i) => ({
        ...object('v1', 'Pod', `p${i}`, {}),
        metadata: { name: `p${i}`, namespace: 'shop', uid: `p${i}`, labels: { app: `a${i}` } },
      })),
    ],
  },
  {
    given: 'ReplicaSets of the target, each with a pod',
    of: (n) => [
      ...held,
      ...times(n, (i) => ({
        ...object('apps/v1', 'ReplicaSet', `rs${i}`, { replicas: 0, template: {} }),
        metadata: {
          name: `rs${i}`,
          namespace: 'shop',
          uid: `rs${i}`,
          ownerReferences: [ownedBy('Deployment', 'web', UID)],
        },
      })),
    ],
  },
  {
    given: 'Deployments and ReplicaSets of others beside a canary with traffic',
    of: (n) => [
      ...underWay(),
      ...times(n, (i) => object('apps/v1', 'Deployment', `d${i}`, { template: {} })),
      ...times(n, (i) => ({
        ...object('apps/v1', 'ReplicaSet', `rs${i}`, { replicas: 0, template: {} }),
        metadata: {
          name: `rs${i}`,
          namespace: 'shop',
          uid: `rs${i}`,
          ownerReferences: [ownedBy('Deployment', `d${i}`, `uid-Deployment-d${i}`)],
        },
      })),
    ],
  },
  {
    given: 'policies beside a canary with traffic',
    of: (n) => [...underWay(), ...times(n, (i) => policy(i, { app: 'web' }))],
  },
  {
    given: 'annotations that nobody knows',
    of: (n) => [
      aTarget({
        image: 'web:2',
        annotations: Object.fromEntries(times(n, (i) => [`sluice.dev/x${i}`, 'y'])),
      }),
      ...held.slice(1),
    ],
  },
  { given: 'ended Releases', of: (n) => [...held, ...times(n, (i) => ended(i))] },
];

function ended(i: number): KubeObject {
  const release = initial();
  return { ...release, metadata: { ...release.metadata, name: `web-x${i}`, uid: `r${i}` } };
}

describe('the work of one pass grows no faster than what a tenant puts into its namespace', () => {
  // The proxy that counts reads is not a plain object.
  beforeEach(
    () => void vi.stubGlobal('structuredClone', (v: unknown) => JSON.parse(JSON.stringify(v)) as unknown),
  );
  afterEach(() => void vi.unstubAllGlobals());

  describe.each(SHAPES)('$given', ({ of, says }) => {
    test.each([600, 2_000])('%i of them', (n) => {
      const { decision, readsPerValue } = pass(of(n));
      expect(readsPerValue).toBeLessThan(READS);
      if (says !== undefined) expect(decision.sentence).toMatch(says);
    });
  });
});
