import { arrayOrEmpty, getString, isObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { changesOf, NOTHING, refused, specOf, type Change, type Followed, type Pods } from './pods.ts';

/** Prefixes that Cilium writes before a key for the source of the label. */
const PREFIXES = ['', 'k8s:', 'any:', 'k8s.', 'any.'];

/**
 * A kind whose selectors are not copied: refused if any selector in it names a label value of stable pods without the
 * canary's beside it.
 */
export function onlyRefused(object: KubeObject, pods: Pods): Followed {
  const named = mentions([specOf(object), object['specs']], changesOf(pods.rewrite));
  if (named === undefined) return NOTHING;
  const { key, from, to } = named;
  return refused(
    `it names ${key}=${from}, and Sluice does not copy this kind; write it as a matchExpression with operator In and the values ${from}, ${to}`,
  );
}

function mentions(value: unknown, changes: readonly Change[]): Change | undefined {
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = mentions(item, changes);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isObject(value)) return undefined;
  return namedIn(value, changes) ?? mentions(Object.values(value), changes);
}

function namedIn(value: Record<string, unknown>, changes: readonly Change[]): Change | undefined {
  return changes.find(({ key, from, to }) => {
    const keys = PREFIXES.map((prefix) => `${prefix}${key}`);
    const values = arrayOrEmpty(value, 'values');
    const listed =
      keys.includes(getString(value, 'key') ?? '') && values.includes(from) && !values.includes(to);
    return listed || keys.some((each) => value[each] === from);
  });
}
