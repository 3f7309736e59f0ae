import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION } from '../../api/names.ts';
import { fnv1a } from '../../lib/hash.ts';
import { getStringMap, isObject, stableStringify, type JsonObject } from '../../lib/json.ts';

/*
 * What users' objects were before Sluice edited them, as hashes: so an uninstallation can say of each whether it is as
 * it was. They find changes; they protect nothing.
 */

/** By "Kind/name", e.g. "HTTPRoute/shop". */
export type Fingerprints = Readonly<Record<string, string>>;

export const fingerprintsOf = (objects: readonly KubeObject[]): Fingerprints =>
  Object.fromEntries(objects.map((each) => [`${each.kind}/${each.metadata.name}`, fingerprint(each)]));

/** What a Release recorded; {} for one that an earlier version made. */
export function recordedFingerprints({ metadata }: Pick<KubeObject, 'metadata'>): Fingerprints {
  const text = metadata.annotations?.[ANNOTATION.userObjects];
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? getStringMap(value) : {};
  } catch {
    return {};
  }
}

/** Written by the server's own controllers, and the mark of the hold. */
const NOT_THE_USERS = /^(deployment\.kubernetes\.io\/|sluice\.dev\/held$)/;

/**
 * Labels, annotations and spec, as their user wrote them. Of a Deployment neither `paused`, which is the hold, nor
 * `replicas`, which autoscalers write.
 *
 * @returns 16 hexadecimal digits
 */
export function fingerprint({ kind, metadata, spec = {} }: KubeObject): string {
  const annotations = Object.entries(metadata.annotations ?? {}).filter(
    ([name]) => !NOT_THE_USERS.test(name),
  );
  const wanted: JsonObject =
    kind === 'Deployment' ? { ...spec, paused: undefined, replicas: undefined } : spec;
  const text = stableStringify({
    labels: metadata.labels ?? {},
    annotations: Object.fromEntries(annotations),
    spec: wanted,
  });
  const first = fnv1a(text);
  return [first, fnv1a(text, first)].map((part) => part.toString(16).padStart(8, '0')).join('');
}
