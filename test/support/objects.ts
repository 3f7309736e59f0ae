import type { KubeObject, ObjectMeta } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ownLabels } from '../../release/canary/index.ts';

/**
 * Objects of namespace "shop" as an API server returns them, small but complete enough to be selected and
 * owned.
 */
export interface Change {
  metadata?: Partial<ObjectMeta>;
  spec?: JsonObject;
}

const metadata = (name: string, kind: string, { metadata: more }: Change): ObjectMeta => ({
  name,
  namespace: 'shop',
  uid: `uid-${kind}-${name}`,
  generation: 1,
  ...more,
});

/** A Deployment whose pods have `labels`, and which selects them only by `app`. */
export function aDeployment(name: string, labels: Record<string, string>, change: Change = {}): KubeObject {
  const selector: Record<string, string> = labels['app'] === undefined ? labels : { app: labels['app'] };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata(name, 'deployment', change),
    spec: {
      replicas: 4,
      selector: { matchLabels: selector },
      template: { metadata: { labels }, spec: { containers: [{ name: 'app', image: 'app:1' }] } },
      ...change.spec,
    },
  };
}

export function aService(name: string, selector: Record<string, string>, change: Change = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: metadata(name, 'service', change),
    spec: {
      selector,
      ports: [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }],
      ...change.spec,
    },
  };
}

const ownedBy = (kind: string, owner: KubeObject) => ({
  ownerReferences: [
    {
      apiVersion: 'apps/v1',
      kind,
      name: owner.metadata.name,
      uid: owner.metadata.uid ?? '',
      controller: true,
    },
  ],
});

/** The mark of what Sluice makes for a target: its labels and its owner. */
export const madeFor = (target: KubeObject): Partial<ObjectMeta> => ({
  labels: ownLabels(target.metadata.name, ''),
  ...ownedBy('Deployment', target),
});

/** The ReplicaSet of a Deployment's present template. */
export function aReplicaSet(deployment: KubeObject, suffix = '1'): KubeObject {
  const name = `${deployment.metadata.name}-${suffix}`;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: metadata(name, 'replicaset', { metadata: ownedBy('Deployment', deployment) }),
    spec: { replicas: 1, template: deployment.spec?.['template'] },
  };
}

export function aPod(replicaSet: KubeObject, labels: Record<string, string>, ready = true): KubeObject {
  const name = `${replicaSet.metadata.name}-pod`;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(name, 'pod', { metadata: { labels, ...ownedBy('ReplicaSet', replicaSet) } }),
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}
