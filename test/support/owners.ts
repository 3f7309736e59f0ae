import { fromFieldsV1, type FieldSet } from '../../api/field-sets.ts';
import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';

/** On the target, Sluice owns the fields of the hold, and the restart that was ordered. */
const HOLD =
  /^(f:spec f:paused|f:metadata f:annotations( f:sluice\.dev\/held)?|f:spec f:template( \S+)* f:annotations( f:kubectl\.kubernetes\.io\/restartedAt)?)$/;

/** Fields of this object that Sluice owns but should not. */
export function takenFrom(object: KubeObject): string[] {
  const isTarget = object.kind === 'Deployment';
  return getObjects(object.metadata, 'managedFields')
    .filter(
      (entry) => getString(entry, 'manager') === 'sluice' && getString(entry, 'subresource') !== 'status',
    )
    .flatMap((entry) => pathsOf(fromFieldsV1(entry['fieldsV1'])))
    .filter((path) => !isTarget || !HOLD.test(path));
}

function pathsOf({ member, children }: FieldSet, path = ''): string[] {
  const below = [...children].flatMap(([step, child]) =>
    pathsOf(child, path === '' ? step : `${path} ${step}`),
  );
  return member && path !== '' ? [path, ...below] : below;
}

/**
 * Every owner of a field of this user's object, by name, without what controllers count there: `sluice` only
 * if it owns more than the hold.
 */
export function ownersOf(object: KubeObject): string[] {
  const others = getObjects(object.metadata, 'managedFields')
    .filter((entry) => getString(entry, 'subresource') === undefined)
    .map((entry) => getString(entry, 'manager') ?? '')
    .filter((manager) => manager !== 'sluice' && manager !== 'kube-controller-manager');
  return [...new Set([...others, ...(takenFrom(object).length > 0 ? ['sluice'] : [])])].sort();
}
