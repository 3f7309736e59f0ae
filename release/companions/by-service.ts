import { getObject, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { copied, NOTHING, specOf, type Followed, type Pods } from './pods.ts';

/** Policies attached to the stable Service by `targetRefs`, or by a single `targetRef`: the shape of the Gateway API. */
export function attachedPolicy(object: KubeObject, pods: Pods): Followed {
  const spec = specOf(object);
  const targetRefs = renamed(getObjects(spec, 'targetRefs'), pods);
  if (targetRefs.length > 0) return copied({ ...spec, targetRefs });
  const single = getObject(spec, 'targetRef');
  const [targetRef] = single === undefined ? [] : renamed([single], pods);
  return targetRef === undefined ? NOTHING : copied({ ...spec, targetRef });
}

/** A namespace that may send to the stable Service may also send to the canary's. */
export function referenceGrant(object: KubeObject, pods: Pods): Followed {
  const spec = specOf(object);
  const to = renamed(getObjects(spec, 'to'), pods);
  return to.length === 0 ? NOTHING : copied({ ...spec, to });
}

/** The references to the stable Service, changed to the canary's; the others stay with the original. */
function renamed(refs: readonly JsonObject[], { service, namespace }: Pods): JsonObject[] {
  if (service === undefined) return [];
  return refs
    .filter(
      (ref) =>
        ['', 'core'].includes(getString(ref, 'group') ?? '') &&
        getString(ref, 'kind') === 'Service' &&
        getString(ref, 'name') === service.name &&
        (getString(ref, 'namespace') ?? namespace) === namespace,
    )
    .map((ref) => ({ ...ref, name: service.canary.name }));
}
