import { isDeepStrictEqual } from 'node:util';
import type { KubeObject } from '../../../api/kube.ts';
import type { ObjectEvent, ResourceName, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { withCondition } from '../conditions.ts';
import type { Condition } from '../conditions.ts';
import { isDeleting, NAMESPACES, splitKey, uidOf } from '../kinds.ts';
import { CONTROLLER_MANAGER } from '../ownership.ts';
import { WorkQueue } from '../queue.ts';
import { listServed } from '../served.ts';
import { now } from '../time.ts';

const FINALIZER = 'kubernetes';
const LOOK_AGAIN_MS = 15_000;

interface Content {
  resource: ResourceName;
  objects: KubeObject[];
}

/** Empties namespaces that are being deleted, reports what remains, and lets them be removed. */
export class NamespaceController {
  private readonly store: StoreClient;
  private readonly clock: Clock;
  private readonly queue: WorkQueue;
  private readonly namespaced = new Set<ResourceName>();

  constructor(store: StoreClient, clock: Clock) {
    this.store = store;
    this.clock = clock;
    this.queue = new WorkQueue(clock, (key) => this.sync(splitKey(key).name));
  }

  stop(): void {
    this.queue.stop();
  }

  observe({ type, resource, object }: ObjectEvent): void {
    const { namespace, name } = object.metadata;
    if (resource === NAMESPACES && isDeleting(object)) this.queue.add(`/${name}`);
    if (namespace === undefined) return;
    this.namespaced.add(resource);
    if (type === 'DELETED') this.queue.add(`/${namespace}`);
  }

  private sync(name: string): void {
    const namespace = this.store.get(NAMESPACES, undefined, name);
    if (namespace === undefined || !isDeleting(namespace)) return;
    for (const { resource, objects } of this.contentOf(name)) {
      for (const object of objects.filter((candidate) => !isDeleting(candidate))) {
        const options = { propagationPolicy: 'Background', uid: uidOf(object) } as const;
        this.store.delete(resource, name, object.metadata.name, options);
      }
    }
    const left = this.contentOf(name);
    if (left.length === 0) return this.finalize(namespace);
    this.report(namespace, left);
    // objects of a kind whose definition was deleted meanwhile cause no event
    this.queue.addAfter(`/${name}`, LOOK_AGAIN_MS);
  }

  private contentOf(namespace: string): Content[] {
    return [...this.namespaced]
      .sort()
      .map((resource) => ({ resource, objects: listServed(this.store, resource, namespace) }))
      .filter(({ objects }) => objects.length > 0);
  }

  private finalize(namespace: KubeObject): void {
    const kept = namespace.spec?.['finalizers'];
    const finalizers = Array.isArray(kept) ? kept.filter((finalizer) => finalizer !== FINALIZER) : [];
    const next = { ...namespace, spec: { ...namespace.spec, finalizers } };
    this.store.update(NAMESPACES, next, { subresource: 'finalize', fieldManager: CONTROLLER_MANAGER });
  }

  private report(namespace: KubeObject, left: readonly Content[]): void {
    const before = (namespace.status?.['conditions'] ?? []) as Condition[];
    const conditions = conditionsFor(left).reduce(
      (known, condition) => withCondition(known, { ...condition, lastTransitionTime: now(this.clock) }),
      before,
    );
    if (isDeepStrictEqual(before, conditions)) return;
    const next = { ...namespace, status: { ...namespace.status, conditions } };
    this.store.update(NAMESPACES, next, { subresource: 'status', fieldManager: CONTROLLER_MANAGER });
  }
}

function conditionsFor(left: readonly Content[]): Condition[] {
  const counts = left.map(
    ({ resource, objects }) => `${dotted(resource)} has ${objects.length} resource instances`,
  );
  const finalizers = new Map<string, number>();
  for (const finalizer of left.flatMap(({ objects }) =>
    objects.flatMap(({ metadata }) => metadata.finalizers ?? []),
  )) {
    finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
  }
  const held = [...finalizers]
    .sort()
    .map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  return [
    no('NamespaceDeletionDiscoveryFailure', 'ResourcesDiscovered', 'All resources successfully discovered'),
    no(
      'NamespaceDeletionGroupVersionParsingFailure',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ),
    no(
      'NamespaceDeletionContentFailure',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    yes(
      'NamespaceContentRemaining',
      'SomeResourcesRemain',
      `Some resources are remaining: ${counts.join(', ')}`,
    ),
    held.length === 0
      ? no(
          'NamespaceFinalizersRemaining',
          'ContentHasNoFinalizers',
          'All content-preserving finalizers finished',
        )
      : yes(
          'NamespaceFinalizersRemaining',
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        ),
  ];
}

/** A real server writes a dot before the group even if the group is empty. */
function dotted(resource: ResourceName): string {
  return resource.includes('.') ? resource : `${resource}.`;
}

function yes(type: string, reason: string, message: string): Condition {
  return { type, status: 'True', reason, message };
}

function no(type: string, reason: string, message: string): Condition {
  return { type, status: 'False', reason, message };
}
