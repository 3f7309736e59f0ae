import type { Admission } from '../admission/admission.ts';
import type { User } from '../contract.ts';
import { badRequest, conflict } from '../errors.ts';
import { clone, get, list, metadata, number, text, word } from '../json.ts';
import type { JsonObject } from '../json.ts';
import type { Storage } from '../storage/storage.ts';
import type { Env, Kind } from './kind.ts';
import { bumpGeneration, timestamp } from './metadata.ts';
import { mustFind } from './target.ts';
import type { Target } from './target.ts';

export interface DeleteOptions {
  dryRun: boolean;
  user: User;
  gracePeriodSeconds?: number;
  propagationPolicy?: string;
  orphanDependents?: boolean;
  uid?: string;
  resourceVersion?: string;
}

export interface Deleted {
  object: JsonObject;
  /** false while finalizers or a grace period keep it */
  gone: boolean;
}

const POLICY_FINALIZERS: Record<string, string> = { Foreground: 'foregroundDeletion', Orphan: 'orphan' };

export class Deleter {
  readonly #storage: Storage;
  readonly #env: Env;
  readonly #admission: Admission;

  constructor(storage: Storage, env: Env, admission: Admission) {
    this.#storage = storage;
    this.#env = env;
    this.#admission = admission;
  }

  delete(target: Target, name: string, options: DeleteOptions): Deleted {
    const { kind } = target;
    const old = mustFind(target, this.#storage.get(kind.resource, target.namespace ?? '', name), name);
    checkPreconditions(kind, name, old, options);
    this.#admission.validate(target, { operation: 'DELETE', old }, options);
    const next = clone(old);
    const meta = metadata(next);
    addPolicyFinalizer(meta, options);
    const grace = kind.strategy.grace?.(old, options.gracePeriodSeconds) ?? 0;
    const held = list(meta['finalizers']).length > 0 || list(get(next, 'spec', 'finalizers')).length > 0;
    if (!held && grace === 0) {
      if (kind.strategy.grace) this.#mark(kind, next, grace);
      return { object: options.dryRun ? next : this.#storage.remove(kind.resource, next), gone: true };
    }
    const changed = this.#mark(kind, next, grace);
    const grown = list(meta['finalizers']).length !== list(get(old, 'metadata', 'finalizers')).length;
    if (options.dryRun || !(changed || grown)) return { object: changed || grown ? next : old, gone: false };
    return { object: this.#storage.put(kind.resource, next), gone: false };
  }

  /** Sets the deletion time, or moves it forward; returns whether anything changed. */
  #mark(kind: Kind, next: JsonObject, grace: number): boolean {
    const meta = metadata(next);
    const running = number(meta['deletionGracePeriodSeconds']);
    const first = meta['deletionTimestamp'] === undefined;
    if (!first && (running ?? 0) <= grace) return false;
    meta['deletionTimestamp'] = timestamp(this.#env.now() + grace * 1000);
    meta['deletionGracePeriodSeconds'] = grace;
    if (first && kind.strategy.generation) bumpGeneration(next);
    kind.strategy.prepareDelete?.(next, this.#env);
    return true;
  }
}

function checkPreconditions(kind: Kind, name: string, old: JsonObject, options: DeleteOptions): void {
  if (options.propagationPolicy !== undefined && options.orphanDependents !== undefined) {
    throw badRequest('orphanDependents and propagationPolicy cannot be both set');
  }
  const check = (field: string, wanted: string | undefined): void => {
    const found = text(metadata(old)[field]);
    if (wanted === undefined || wanted === found) return;
    const label = field === 'uid' ? 'UID' : 'ResourceVersion';
    const why = `the ${label} in the precondition (${wanted}) does not match the ${label} in record (${found}). The object might have been deleted and then recreated`;
    throw conflict(kind, name, why, kind.kind);
  };
  check('uid', options.uid);
  check('resourceVersion', options.resourceVersion);
}

function addPolicyFinalizer(meta: JsonObject, options: DeleteOptions): void {
  const policy = options.orphanDependents === true ? 'Orphan' : options.propagationPolicy;
  const known = list(meta['finalizers']);
  const wanted = POLICY_FINALIZERS[policy ?? ''];
  if (policy === undefined) return;
  const kept = known.filter((finalizer) => !Object.values(POLICY_FINALIZERS).includes(word(finalizer)));
  const next = wanted === undefined ? kept : [...kept, wanted];
  if (next.length > 0) meta['finalizers'] = next;
  else delete meta['finalizers'];
}
