import type { KubeObject } from '../../../api/kube.ts';
import type { ResourceName } from '../../apiserver/contract.ts';
import { uidOf } from '../kinds.ts';

export interface Place {
  resource: ResourceName;
  namespace: string | undefined;
  name: string;
}

interface Node extends Place {
  owners: string[];
}

/** Owners and dependents by uid, for every object in the cluster. */
export class OwnerGraph {
  private readonly nodes = new Map<string, Node>();
  private readonly dependents = new Map<string, Set<string>>();

  has(uid: string): boolean {
    return this.nodes.has(uid);
  }

  placeOf(uid: string): Place | undefined {
    return this.nodes.get(uid);
  }

  ownersOf(uid: string): readonly string[] {
    return this.nodes.get(uid)?.owners ?? [];
  }

  /** Also for an owner that is gone, as long as an object names it. */
  dependentsOf(uid: string): string[] {
    return [...(this.dependents.get(uid) ?? [])];
  }

  uidsOf(resource: ResourceName): string[] {
    return [...this.nodes].filter(([, node]) => node.resource === resource).map(([uid]) => uid);
  }

  put(resource: ResourceName, object: KubeObject): void {
    const uid = uidOf(object);
    this.remove(uid);
    const { namespace, name, ownerReferences } = object.metadata;
    const owners = (ownerReferences ?? []).map((reference) => reference.uid);
    this.nodes.set(uid, { resource, namespace, name, owners });
    for (const owner of owners) {
      const known = this.dependents.get(owner) ?? new Set<string>();
      this.dependents.set(owner, known.add(uid));
    }
  }

  remove(uid: string): void {
    for (const owner of this.ownersOf(uid)) {
      const known = this.dependents.get(owner);
      known?.delete(uid);
      if (known?.size === 0) this.dependents.delete(owner);
    }
    this.nodes.delete(uid);
  }
}
