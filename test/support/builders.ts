import type { KubeObject, OwnerReference } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ROUTE_RESOURCES } from '../../providers/index.ts';
import { canaryDeployment, canaryService } from '../../release/canary/index.ts';
import { CONSIDERED } from '../../release/preflight/index.ts';
import { FOLLOWED } from '../../release/companions/index.ts';
import type { MeasureResult } from '../../api/measuring.ts';
import type { Action, Decision, RefusedWrite, Snapshot } from '../../release/model.ts';

/** Literal snapshots of Deployment `web` in namespace `shop`, as an API server shows it. */
export const NOW = Date.UTC(2026, 0, 1, 12);
export const NAMESPACE = 'shop';
export const UID = 'uid-web';
const APP = { app: 'web' };
export const REWRITE = { app: { from: 'web', to: 'web-canary' } };

/** RFC 3339 of a moment before NOW. */
export const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();

export const podTemplate = (image: string): JsonObject => ({
  metadata: { labels: APP },
  spec: { containers: [{ name: 'app', image }] },
});

export interface TargetChange {
  image?: string;
  paused?: boolean;
  generation?: number;
  replicas?: number;
  uid?: string;
  annotations?: Record<string, string>;
  policy?: string | null;
  deleting?: boolean;
  conditions?: JsonObject[];
}

export function aTarget(change: TargetChange = {}): KubeObject {
  const {
    image = 'web:1',
    paused = true,
    generation = 5,
    replicas = 4,
    uid = UID,
    policy = 'default',
  } = change;
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name: 'web',
      namespace: NAMESPACE,
      uid,
      generation,
      annotations: { ...(policy === null ? {} : { 'sluice.dev/policy': policy }), ...change.annotations },
      ...(change.deleting === true ? { deletionTimestamp: ago(1) } : {}),
    },
    spec: {
      replicas,
      ...(paused ? { paused } : {}),
      progressDeadlineSeconds: 600,
      selector: { matchLabels: APP },
      template: podTemplate(image),
    },
    status: {
      observedGeneration: generation,
      replicas,
      updatedReplicas: replicas,
      availableReplicas: replicas,
      conditions: change.conditions ?? [
        { type: 'Available', status: 'True', reason: 'MinimumReplicasAvailable' },
      ],
    },
  };
}

export const ownedBy = (kind: string, name: string, uid: string): OwnerReference => ({
  apiVersion: 'apps/v1',
  kind,
  name,
  uid,
  controller: true,
});

export interface PodsChange {
  /** the number of pods; default 4 */
  pods?: number;
  /** the number of ready pods; default all */
  ready?: number;
  /** seconds since they became (un)ready; default 1000 */
  since?: number;
  restarts?: number;
  waiting?: string;
  unschedulable?: string;
}

/** A ReplicaSet of the target with its pods. */
export function replicaSet(image: string, change: PodsChange = {}, uid = UID): KubeObject[] {
  return replicas(
    { name: `web-${image.replace(':', '-')}`, owner: ownedBy('Deployment', 'web', uid) },
    podTemplate(image),
    change,
  );
}

function replicas(
  who: { name: string; owner: OwnerReference },
  template: JsonObject,
  change: PodsChange,
): KubeObject[] {
  const { pods = 4, ready = pods, since = 1000 } = change;
  const uid = `uid-${who.name}`;
  const meta = template['metadata'] as { labels: Record<string, string> };
  const labels = { ...meta.labels, 'pod-template-hash': 'h' };
  const set: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: { name: who.name, namespace: NAMESPACE, uid, ownerReferences: [who.owner], labels },
    spec: { replicas: pods, template: { ...template, metadata: { ...meta, labels } } },
    status: { replicas: pods, availableReplicas: ready },
  };
  const each = Array.from({ length: pods }, (_, index) => index);
  return [
    set,
    ...each.map((index) =>
      aPod(`${who.name}-${index}`, { labels, uid, set: who.name, ready: index < ready, since, change }),
    ),
  ];
}

interface PodInput {
  labels: Record<string, string>;
  uid: string;
  set: string;
  ready: boolean;
  since: number;
  change: PodsChange;
}

function aPod(name: string, { labels, uid, set, ready, since, change }: PodInput): KubeObject {
  const { restarts = 0, waiting, unschedulable } = change;
  const conditions: JsonObject[] = [
    { type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(since) },
  ];
  if (unschedulable !== undefined) {
    const lastTransitionTime = ago(since);
    conditions.push({
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message: unschedulable,
      lastTransitionTime,
    });
  }
  const state: JsonObject = waiting === undefined ? { running: {} } : { waiting: { reason: waiting } };
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: `uid-${name}`,
      labels,
      creationTimestamp: ago(since),
      ownerReferences: [ownedBy('ReplicaSet', set, uid)],
    },
    status: { conditions, containerStatuses: [{ name: 'app', restartCount: restarts, state }] },
  };
}

export interface CanaryChange extends PodsChange {
  image?: string;
  release?: string;
  /** seconds since its creation */
  age?: number;
  conditions?: JsonObject[];
  /** without the mark of Sluice */
  foreign?: boolean;
}

/** The canary Deployment of a release with its ReplicaSet and pods. */
export function canary(change: CanaryChange = {}): KubeObject[] {
  const { image = 'web:2', release = 'web-5', pods = 1, age = 1000 } = change;
  const made = canaryDeployment({ target: aTarget({ image }), rewrite: REWRITE, release, replicas: pods });
  const uid = 'uid-web-canary';
  const { labels, ...metadata } = made.metadata;
  const object: KubeObject = {
    ...made,
    metadata: {
      ...metadata,
      uid,
      generation: 1,
      creationTimestamp: ago(age),
      ...(change.foreign === true ? {} : { labels: labels ?? {} }),
    },
    status: {
      observedGeneration: 1,
      availableReplicas: change.ready ?? pods,
      conditions: change.conditions ?? [],
    },
  };
  const who = {
    name: `web-canary-${image.replace(':', '-')}`,
    owner: ownedBy('Deployment', 'web-canary', uid),
  };
  return [object, ...replicas(who, made.spec?.['template'] as JsonObject, { ...change, pods })];
}

export const SERVICE: KubeObject = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: NAMESPACE, uid: 'uid-service' },
  spec: { selector: APP, ports: [{ port: 80, targetPort: 8080 }] },
};

export function canaryServiceObject(release = 'web-5'): KubeObject {
  const made = canaryService({ target: aTarget(), stableService: SERVICE, rewrite: REWRITE, release });
  return { ...made, metadata: { ...made.metadata, uid: 'uid-canary-service' } };
}

/** The user's HTTPRoute; with a weight, as Sluice left it. */
export function aRoute(weight?: number, confirmed = true): KubeObject {
  const refs =
    weight === undefined
      ? [{ name: 'web', port: 80 }]
      : [
          { name: 'web', port: 80, weight: 100 - weight },
          { name: 'web-canary', port: 80, weight },
        ];
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
    type,
    status: 'True',
    observedGeneration: confirmed ? 3 : 2,
  }));
  return {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'web', namespace: NAMESPACE, uid: 'uid-route', generation: 3 },
    spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: refs }] },
    status: {
      parents: [{ parentRef: { name: 'edge' }, controllerName: 'istio.io/gateway-controller', conditions }],
    },
  };
}

export interface SnapshotChange {
  nowMs?: number;
  measured?: MeasureResult;
  measuring?: boolean;
  forbidden?: Snapshot['forbidden'];
  refused?: Snapshot['refused'];
  unsealed?: readonly KubeObject[];
  lastStable?: Snapshot['lastStable'];
  unserved?: Snapshot['unserved'];
  elsewhere?: Snapshot['elsewhere'];
  strange?: Snapshot['strange'];
}

/** A snapshot of exactly these objects. */
export function aSnapshot(
  objects: readonly (KubeObject | KubeObject[])[],
  change: SnapshotChange = {},
): Snapshot {
  const all = objects.flat();
  const of = (kind: string) => all.filter((each) => each.kind === kind);
  const created = (each: KubeObject) => each.metadata.creationTimestamp ?? '';
  return {
    nowMs: change.nowMs ?? NOW,
    key: { namespace: NAMESPACE, name: 'web' },
    target: of('Deployment').find((each) => each.metadata.name === 'web'),
    deployments: of('Deployment'),
    replicaSets: of('ReplicaSet'),
    pods: of('Pod'),
    services: of('Service'),
    routes: ROUTE_RESOURCES.flatMap(({ kind }) => of(kind)),
    attached: all.filter(({ kind }) => FOLLOWED.some((each) => each.kind === kind)),
    surroundings: all.filter(({ kind }) => CONSIDERED.some((each) => each.kind === kind)),
    forbidden: change.forbidden ?? [],
    elsewhere: change.elsewhere ?? [],
    strange: change.strange ?? [],
    releases: of('Release').sort((a, b) => created(b).localeCompare(created(a))),
    unsealed: [...(change.unsealed ?? [])],
    lastStable: change.lastStable,
    unserved: change.unserved,
    policies: of('ReleasePolicy'),
    templates: of('AnalysisTemplate'),
    measured: change.measured,
    measuring: change.measuring ?? false,
    refused: change.refused ?? {},
    config: {
      namespace: 'sluice-system',
      hold: 'pause',
      endpoints: ['prometheus/default'],
      scrapeLagMs: 5_000,
      minIntervalMs: 1_000,
    },
  };
}

/** A write that the API server has just refused. */
export const refusedWrite = (change: Partial<RefusedWrite> = {}): RefusedWrite => ({
  kind: 'right',
  code: 403,
  message: 'no right',
  why: 'copy it',
  verb: 'create',
  resource: 'networkpolicies.networking.k8s.io',
  name: 'deny',
  noted: true,
  sinceMs: NOW,
  ...change,
});

/** The objects, one of them (by kind and name) changed. */
export function changed(objects: readonly KubeObject[], by: KubeObject): KubeObject[] {
  const same = (each: KubeObject) => each.kind === by.kind && each.metadata.name === by.metadata.name;
  return objects.map((each) => (same(each) ? by : each));
}

export const without = (
  objects: readonly KubeObject[],
  kind: string,
  name: RegExp | string = /./,
): KubeObject[] => objects.filter((each) => each.kind !== kind || !new RegExp(name).test(each.metadata.name));

/** What is written and reported; measuring continues at the same time. */
export const writing = (decision: Decision): string[] => doing(decision).filter((each) => each !== 'measure');

/** A write that is only tried: nothing is stored. */
export const isRehearsal = (action: Action): boolean => action.do === 'write' && 'dryRun' in action.write;

/**
 * What a decision does, one line each: "jsonPatch Deployment/web: pause the target". Rehearsals are left out.
 */
export function doing({ actions }: Decision): string[] {
  return actions
    .filter((action) => !isRehearsal(action))
    .map((action) => {
      if (action.do !== 'write') return action.do === 'event' ? `event ${action.reason}` : 'measure';
      const { write } = action;
      const name =
        'ref' in write
          ? `${write.ref.resource.kind}/${write.ref.name}`
          : `${write.object.kind}/${write.object.metadata.name}`;
      return `${write.verb} ${name}: ${action.why}`;
    });
}
