import type { ObjectEvent, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { EventRecorder } from '../events.ts';
import { claimChildren, controllerOf } from '../ownership.ts';
import { DEPLOYMENTS, isDeleting, keyOf, PODS, REPLICA_SETS, splitKey } from '../kinds.ts';
import type { Deployment, Key, ReplicaSet } from '../kinds.ts';
import { WorkQueue } from '../queue.ts';
import { isEmptySelector, matchesSelector } from '../selectors.ts';
import { isRolling } from './budget.ts';
import { readRevisions } from './current-replicaset.ts';
import { cleanUp } from './history.ts';
import { hasDeadline, noteProgress, progressOf, writeStatus } from './rollout.ts';
import type { Sync } from './rollout.ts';
import { isResize, resize } from './scale.ts';
import { TIMED_OUT, writePlainStatus } from './status.ts';
import { recreate, rollingUpdate } from './strategies.ts';

const PAUSED = 'DeploymentPaused';

/** Keeps the ReplicaSets of Deployments in line with their templates and sizes. */
export class DeploymentController {
  private readonly store: StoreClient;
  private readonly clock: Clock;
  private readonly queue: WorkQueue;
  private readonly events: EventRecorder;

  constructor(store: StoreClient, clock: Clock) {
    this.store = store;
    this.clock = clock;
    this.events = new EventRecorder(store, clock, 'deployment-controller');
    this.queue = new WorkQueue(clock, (key) => this.sync(key));
  }

  stop(): void {
    this.queue.stop();
  }

  observe({ type, resource, object }: ObjectEvent): void {
    if (resource === DEPLOYMENTS) this.queue.add(keyOf(object));
    else if (resource === REPLICA_SETS) this.observeReplicaSet(object as ReplicaSet);
    else if (resource === PODS && type === 'DELETED') {
      const rs = controllerOf(object);
      const owner =
        rs?.kind === 'ReplicaSet' && this.store.get(REPLICA_SETS, object.metadata.namespace, rs.name);
      // only Recreate waits until pods are gone
      if (owner) this.observeReplicaSet(owner as ReplicaSet);
    }
  }

  private observeReplicaSet(rs: ReplicaSet): void {
    const { namespace, labels } = rs.metadata;
    const controller = controllerOf(rs);
    if (controller !== undefined) {
      if (controller.kind === 'Deployment') this.queue.add(`${namespace ?? ''}/${controller.name}`);
      return;
    }
    for (const deployment of this.store.list(DEPLOYMENTS, namespace) as Deployment[]) {
      if (matchesSelector(deployment.spec.selector, labels)) this.queue.add(keyOf(deployment));
    }
  }

  private sync(key: Key): void {
    const { namespace, name } = splitKey(key);
    const deployment = this.store.get(DEPLOYMENTS, namespace, name) as Deployment | undefined;
    if (deployment === undefined || isEmptySelector(deployment.spec.selector)) return;
    const { selector } = deployment.spec;
    const claim = { store: this.store, owner: deployment, selector, resource: REPLICA_SETS };
    const owned = claimChildren(claim, this.store.list(REPLICA_SETS, namespace) as ReplicaSet[]);
    const again = (ms: number): void => this.queue.addAfter(key, ms);
    syncDeployment({ store: this.store, clock: this.clock, events: this.events, deployment, owned, again });
  }
}

function syncDeployment(sync: Sync): void {
  const { deployment } = sync;
  if (isDeleting(deployment)) return writePlainStatus(sync, readRevisions(sync));
  notePause(sync);
  const paused = deployment.spec.paused === true;
  if (paused || isResize(deployment, readRevisions(sync))) return follow(sync, paused);
  if (isRolling(deployment.spec)) rollingUpdate(sync);
  else recreate(sync);
}

/** Only size and status: the template waits. */
function follow(sync: Sync, paused: boolean): void {
  const revisions = readRevisions(sync);
  resize(sync, revisions);
  if (paused) cleanUp(sync, revisions.old);
  writePlainStatus(sync, revisions);
}

/** Does not overwrite a reported failure to progress with a pause or its end. */
function notePause(sync: Sync): void {
  const { deployment } = sync;
  const reason = progressOf(deployment);
  if (!hasDeadline(deployment) || reason === TIMED_OUT) return;
  const paused = deployment.spec.paused === true;
  if (paused === (reason === PAUSED)) return;
  noteProgress(
    sync,
    paused
      ? { status: 'Unknown', reason: PAUSED, message: 'Deployment is paused' }
      : { status: 'Unknown', reason: 'DeploymentResumed', message: 'Deployment is resumed' },
  );
  writeStatus(sync);
}
