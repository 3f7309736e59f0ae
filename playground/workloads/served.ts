import type { KubeObject } from '../../api/kube.ts';
import type { ResourceName, StoreClient } from '../apiserver/contract.ts';
import { isApiFailure } from './queue.ts';

/** Like store.get; also undefined if the kind is no longer served because its definition was deleted. */
export function getServed(
  store: StoreClient,
  resource: ResourceName,
  at: { namespace: string | undefined; name: string },
): KubeObject | undefined {
  return whileServed(() => store.get(resource, at.namespace, at.name));
}

/** Like store.list; also empty if the kind is no longer served. */
export function listServed(store: StoreClient, resource: ResourceName, namespace: string): KubeObject[] {
  return whileServed(() => store.list(resource, namespace)) ?? [];
}

function whileServed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isApiFailure(error) && error.code === 404) return undefined;
    throw error;
  }
}
