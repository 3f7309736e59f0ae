import { isObject, type JsonObject } from '../../../lib/json.ts';
import type { Result } from '../../../lib/result.ts';
import { parseWith } from '../../../lib/schema/fields.ts';
import type { Schema } from '../../../lib/schema/schema.ts';
import type { ObjectMeta } from '../../kube.ts';
import { integer, mapOf, may, must, name, record, text } from './record.ts';
import { RELEASE_SPEC, type ReleaseSpec } from './spec.ts';
import { RELEASE_STATUS, type ReleaseStatus } from './status.ts';

/** Release: one attempt to deliver one revision. Also the audit trail: it alone says why each decision was made. */
export interface Release {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: ReleaseSpec;
  status?: ReleaseStatus;
}

type Recorded = Omit<Release, 'status'>;

const METADATA = record({
  name: must(name, ''),
  namespace: may(name, ''),
  uid: may(name, ''),
  resourceVersion: may(name, ''),
  generation: may(integer('int64'), ''),
  annotations: may(mapOf(text(262_144)), ''),
});

const RELEASE: Schema<Recorded> = record({
  apiVersion: must(name, ''),
  kind: must(name, ''),
  metadata: must(METADATA, ''),
  spec: must(RELEASE_SPEC, ''),
});

/**
 * A Release as read from the API server. Unknown fields stay; an empty status (just created) counts as none. The policy
 * and the templates in it stay raw: read them with parsePolicy and parseTemplate.
 */
export function parseRelease(object: unknown): Result<Release> {
  const rest: JsonObject = isObject(object) ? { ...object } : {};
  delete rest.status;
  const parsed = parseWith<Recorded>(isObject(object) ? rest : object, '', RELEASE.read);
  const raw = isObject(object) ? object.status : undefined;
  if (raw === undefined || (isObject(raw) && Object.keys(raw).length === 0)) return parsed;
  const status = parseWith(raw, 'status', RELEASE_STATUS.read);
  if (!parsed.ok || !status.ok) {
    return { ok: false, issues: [parsed, status].flatMap((result) => (result.ok ? [] : result.issues)) };
  }
  const observedWeight = status.value.observedWeight ?? null;
  return { ok: true, value: { ...parsed.value, status: { ...status.value, observedWeight } } };
}
