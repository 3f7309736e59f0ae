import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import type { Change } from '../../kube/store.ts';
import { targetOf } from './owners.ts';

/**
 * Which Deployments are targets: those that opted in, and those for which a Release exists, so that a release that
 * began is ended after an opt-out or a deletion.
 */
export class Targets {
  readonly #optedIn = new Map<string, Set<string>>();
  /** namespace → target → names of its Releases */
  readonly #released = new Map<string, Map<string, Set<string>>>();

  has(namespace: string, name: string): boolean {
    return (
      this.#optedIn.get(namespace)?.has(name) === true || this.#released.get(namespace)?.has(name) === true
    );
  }

  /** The targets that have opted in, with the names of their namespaces. */
  optedIn(): { namespace: string; name: string }[] {
    return [...this.#optedIn].flatMap(([namespace, names]) =>
      [...names].map((name) => ({ namespace, name })),
    );
  }

  in(namespace: string): Set<string> {
    return new Set([
      ...(this.#optedIn.get(namespace) ?? []),
      ...(this.#released.get(namespace)?.keys() ?? []),
    ]);
  }

  namespaces(): Set<string> {
    return new Set([...this.#optedIn.keys(), ...this.#released.keys()]);
  }

  /** Returns the target concerned, also if it is no longer a target. */
  deploymentChanged(change: Change): string | undefined {
    const { namespace = '', name } = change.object.metadata;
    const before = this.has(namespace, name);
    const names = this.#optedIn.get(namespace) ?? new Set<string>();
    if (change.type !== 'DELETED' && optsIn(change.object)) names.add(name);
    else names.delete(name);
    setOrDelete(this.#optedIn, namespace, names);
    return before || this.has(namespace, name) ? name : undefined;
  }

  /** Returns the target concerned. */
  releaseChanged(change: Change): string | undefined {
    const { namespace = '', name } = change.object.metadata;
    const target = targetOf(change.object);
    if (target === undefined) return undefined;
    const targets = this.#released.get(namespace) ?? new Map<string, Set<string>>();
    const releases = targets.get(target) ?? new Set<string>();
    if (change.type === 'DELETED') releases.delete(name);
    else releases.add(name);
    setOrDelete(targets, target, releases);
    setOrDelete(this.#released, namespace, targets);
    return target;
  }
}

function optsIn(deployment: KubeObject): boolean {
  return deployment.metadata.annotations?.[ANNOTATION.policy] !== undefined;
}

function setOrDelete<V extends { size: number }>(map: Map<string, V>, key: string, value: V): void {
  if (value.size === 0) map.delete(key);
  else map.set(key, value);
}
