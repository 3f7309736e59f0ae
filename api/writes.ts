import type { JsonPatchOp, KubeObject, ObjectRef } from './kube.ts';
import type { JsonObject } from '../lib/json.ts';

/**
 * A write to the API server as data. Providers and the decision return them; controller/execute.ts alone carries
 * them out. Each is idempotent or guarded.
 */
export type Write =
  /** POST; an existing object of that name is an error, never adopted */
  | { verb: 'create'; object: KubeObject; /** everything except storing it */ dryRun?: true }
  /** server-side apply, forced, as FIELD_MANAGER: only for objects Sluice made */
  | { verb: 'apply'; object: KubeObject }
  /** RFC 6902; `test` operations guard it: a failed test is HTTP 422 = read again and decide again */
  | { verb: 'jsonPatch'; ref: ObjectRef; patch: JsonPatchOp[]; subresource?: 'status'; dryRun?: true }
  | { verb: 'mergePatch'; ref: ObjectRef; patch: JsonObject; subresource?: 'status' }
  /** deletes only the object with this uid; already gone counts as done */
  | { verb: 'delete'; ref: ObjectRef; uid: string };
