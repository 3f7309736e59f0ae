import { arrayOrEmpty, asObject, getObject, getString, isObject } from '../lib/json.ts';
import { isKubeObject } from '../api/kube.ts';
import type { JsonPatchOp, KubeObject, ObjectRef, Resource } from '../api/kube.ts';
import type { Json, JsonObject } from '../lib/json.ts';
import type { Write } from '../api/writes.ts';
import {
  errorFromAnswer,
  errorFromStatus,
  isForbidden,
  isNotFound,
  KubeError,
  NETWORK,
  TIMEOUT,
} from './errors.ts';
import { collectionPath, groupPath, objectPath, query, refOf } from './paths.ts';
import type { KubeRequest, KubeResponse, Transport } from './types.ts';
import type { Clock } from '../lib/clock.ts';
import { warningsIn } from './warnings.ts';

const JSON_TYPE = 'application/json';
const PATCH_TYPE = {
  apply: 'application/apply-patch+yaml',
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
} as const;

export interface ClientOptions {
  transport: Transport;
  clock: Clock;
  /** recorded in managedFields by every write */
  fieldManager: string;
  /** kinds that objects given to create and apply may have */
  resources: readonly Resource[];
  /** one exchange, the body included, may take this long (watches: until the answer begins); default 30 s */
  deadlineMs?: number;
  /** ends every exchange except watches, and refuses new ones; its reason has to be a KubeError */
  signal?: AbortSignal;
}

export interface Scope {
  /** absent: all namespaces */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** only metadata (PartialObjectMetadata): for wide watches */
  metadataOnly?: boolean | undefined;
}

export interface ListOptions extends Scope {
  limit?: number;
  continue?: string;
}

export interface ListPage {
  items: KubeObject[];
  resourceVersion: string;
  /** token of the next page; absent on the last */
  continue?: string;
}

export interface WatchOptions extends Scope {
  resourceVersion: string;
  timeoutSeconds?: number;
  signal?: AbortSignal;
}

export type WatchEvent =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject }
  | { type: 'BOOKMARK'; resourceVersion: string };

export interface WriteOptions {
  /** called with each `Warning` the server sends, whether or not it accepted the write */
  onWarning?: ((text: string) => void) | undefined;
}

export interface PatchOptions extends WriteOptions {
  subresource?: 'status' | undefined;
  /** the server does everything except storing the object: admission answers as usual (JSON and merge patches) */
  dryRun?: boolean;
}

export interface DeleteOptions extends WriteOptions {
  uid?: string;
  propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/**
 * Kubernetes over raw JSON. Every failed exchange rejects with a KubeError, with one exception: `get` of an object that
 * does not exist resolves to undefined.
 */
export class KubeClient {
  readonly #options: ClientOptions;
  readonly #deadlineMs: number;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#deadlineMs = options.deadlineMs ?? 30_000;
  }

  async get(ref: ObjectRef): Promise<KubeObject | undefined> {
    try {
      return await this.#object({ method: 'GET', url: objectPath(ref) });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The server's own clock, to the second; undefined: its answers carry no date. */
  async serverTimeMs(): Promise<number | undefined> {
    const headers = { accept: JSON_TYPE };
    const response = await this.#options.transport.request({ method: 'GET', url: '/version', headers });
    await response.text();
    const ms = Date.parse(response.headers['date'] ?? '');
    return Number.isNaN(ms) ? undefined : ms;
  }

  /** What the server is, e.g. "v1.36.2". */
  async serverVersion(): Promise<string> {
    const answer = parse(await this.#exchange({ method: 'GET', url: '/version' })) as { gitVersion?: string };
    return answer.gitVersion ?? 'of an unknown version';
  }

  /** One page of a list. Items carry apiVersion and kind even where the server leaves them out. */
  async list(resource: Resource, options: ListOptions = {}): Promise<ListPage> {
    const url =
      collectionPath(resource, options.namespace) +
      query({ ...selectors(options), limit: options.limit, continue: options.continue });
    const headers = { accept: accept(options, 'PartialObjectMetadataList') };
    const body = parse(await this.#exchange({ method: 'GET', url, headers }));
    const next = getString(body, 'metadata', 'continue');
    return {
      items: arrayOrEmpty(body, 'items').map((item) => withKind(item, resource)),
      resourceVersion: getString(body, 'metadata', 'resourceVersion') ?? '',
      ...(next === undefined || next === '' ? {} : { continue: next }),
    };
  }

  /**
   * All pages of a list, at the version of the first page; of their items only those to be kept. Rejects with isGone when
   * a page token expires before the last page.
   */
  async listAll(
    resource: Resource,
    options: Scope = {},
    limit = 500,
    keep: (object: KubeObject) => boolean = () => true,
  ): Promise<ListPage> {
    const first = await this.list(resource, { ...options, limit });
    const items = first.items.filter(keep);
    for (let next = first.continue; next !== undefined;) {
      const page = await this.list(resource, { ...options, limit, continue: next });
      items.push(...page.items.filter(keep));
      next = page.continue;
    }
    return { items, resourceVersion: first.resourceVersion };
  }

  /**
   * Does the server have this kind, in any of its versions? For kinds that may not be listed: a user without rights to a
   * kind gets 403 whether or not it exists. If the user may not read the list of kinds either, the kind is assumed to
   * exist.
   */
  async serves(resource: Resource): Promise<boolean> {
    for (const version of [resource.version, ...(resource.otherVersions ?? [])]) {
      const { group } = resource;
      try {
        const answer = await this.#exchange({ method: 'GET', url: groupPath({ group, version }) });
        const { resources = [] } = parse(answer) as { resources?: { name?: string }[] };
        if (resources.some(({ name }) => name === resource.plural)) return true;
      } catch (error) {
        if (isForbidden(error)) return true;
        if (!isNotFound(error)) throw error;
      }
    }
    return false;
  }

  /**
   * Events after `resourceVersion`, bookmarks included. Ends when the server closes the stream; throws a KubeError on
   * an ERROR event, a broken connection or an aborted signal.
   */
  async *watch(resource: Resource, options: WatchOptions): AsyncGenerator<WatchEvent> {
    const url =
      collectionPath(resource, options.namespace) +
      query({
        ...selectors(options),
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: options.resourceVersion,
        timeoutSeconds: options.timeoutSeconds,
      });
    const headers = { accept: accept(options, 'PartialObjectMetadata') };
    const stop = new AbortController();
    const signal =
      options.signal === undefined ? stop.signal : AbortSignal.any([stop.signal, options.signal]);
    const cancel = this.#options.clock.after(this.#deadlineMs, () => stop.abort(deadline(this.#deadlineMs)));
    try {
      const response = await this.#send({ method: 'GET', url, headers, signal, lasting: true });
      cancel();
      for await (const line of response.lines()) yield watchEvent(line, resource);
    } catch (error) {
      throw causeOf(error, signal);
    } finally {
      cancel();
    }
  }

  /** POST; an object of that name is a conflict (isAlreadyExists). */
  create(object: KubeObject, options: WriteOptions & { dryRun?: boolean } = {}): Promise<KubeObject> {
    const { resource, namespace } = refOf(object, this.#options.resources);
    const dryRun = options.dryRun === true ? { dryRun: 'All' } : {};
    const url = collectionPath(resource, namespace) + this.#writeQuery(dryRun);
    return this.#object({ method: 'POST', url, ...body(object, JSON_TYPE) }, options);
  }

  /** Asks the API server about users or rights (a review, which it answers and does not store); resolves to the status. */
  async review(resource: Resource, spec?: JsonObject): Promise<JsonObject> {
    const { group, version, kind } = resource;
    const question = { apiVersion: `${group}/${version}`, kind, metadata: {}, ...(spec && { spec }) };
    const url = collectionPath(resource);
    const answer = await this.#exchange({ method: 'POST', url, ...body(question, JSON_TYPE) });
    return getObject(parse(answer), 'status') ?? {};
  }

  /** Server-side apply with force: takes over every field the object names. */
  apply(object: KubeObject, options: PatchOptions = {}): Promise<KubeObject> {
    const ref = refOf(object, this.#options.resources);
    const url = objectPath(ref, options.subresource) + this.#writeQuery({ force: true });
    return this.#object({ method: 'PATCH', url, ...body(object, PATCH_TYPE.apply) }, options);
  }

  /** RFC 6902; isInvalid when a `test` fails. */
  jsonPatch(ref: ObjectRef, patch: readonly JsonPatchOp[], options: PatchOptions = {}): Promise<KubeObject> {
    const dryRun = options.dryRun === true ? { dryRun: 'All' } : {};
    const url = objectPath(ref, options.subresource) + this.#writeQuery(dryRun);
    return this.#object({ method: 'PATCH', url, ...body(patch, PATCH_TYPE.json) }, options);
  }

  /** RFC 7386: null deletes a key. A `metadata.resourceVersion` or `uid` in it is a precondition (isConflict). */
  mergePatch(ref: ObjectRef, patch: JsonObject, options: PatchOptions = {}): Promise<KubeObject> {
    const dryRun = options.dryRun === true ? { dryRun: 'All' } : {};
    const url = objectPath(ref, options.subresource) + this.#writeQuery(dryRun);
    return this.#object({ method: 'PATCH', url, ...body(patch, PATCH_TYPE.merge) }, options);
  }

  /** DELETE with background propagation unless told otherwise; isConflict when the uid is another. */
  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    const propagationPolicy = options.propagationPolicy ?? 'Background';
    const preconditions = options.uid === undefined ? undefined : { uid: options.uid };
    const payload = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy, preconditions };
    await this.#exchange({ method: 'DELETE', url: objectPath(ref), ...body(payload, JSON_TYPE) }, options);
  }

  /** Carries out one Write; resolves to the object as it now is, undefined after a deletion or a dry run. */
  async execute(write: Write, { onWarning }: WriteOptions = {}): Promise<KubeObject | undefined> {
    switch (write.verb) {
      case 'create': {
        const { dryRun = false } = write;
        const made = await this.create(write.object, { onWarning, dryRun });
        return dryRun ? undefined : made;
      }
      case 'apply':
        return this.apply(write.object, { onWarning });
      case 'jsonPatch': {
        const { ref, patch, subresource, dryRun = false } = write;
        const made = await this.jsonPatch(ref, patch, { subresource, dryRun, onWarning });
        return dryRun ? undefined : made;
      }
      case 'mergePatch':
        return this.mergePatch(write.ref, write.patch, { subresource: write.subresource, onWarning });
      case 'delete':
        try {
          await this.delete(write.ref, { uid: write.uid, onWarning });
        } catch (error) {
          if (!isNotFound(error)) throw error;
        }
        return undefined;
    }
  }

  #writeQuery(extra: Record<string, boolean | string> = {}): string {
    return query({ fieldManager: this.#options.fieldManager, fieldValidation: 'Strict', ...extra });
  }

  async #object(request: KubeRequest, options?: WriteOptions): Promise<KubeObject> {
    return whole(parse(await this.#exchange(request, options)));
  }

  /** One exchange within the deadline, to the last byte of the body. */
  async #exchange(request: KubeRequest, options?: WriteOptions): Promise<string> {
    const stop = new AbortController();
    const { clock, signal: end } = this.#options;
    const signal = end === undefined ? stop.signal : AbortSignal.any([stop.signal, end]);
    const cancel = clock.after(this.#deadlineMs, () => stop.abort(deadline(this.#deadlineMs)));
    try {
      signal.throwIfAborted();
      const response = await this.#send({ ...request, signal }, options);
      return await response.text();
    } catch (error) {
      throw causeOf(error, signal);
    } finally {
      cancel();
    }
  }

  async #send(request: KubeRequest, options: WriteOptions = {}): Promise<KubeResponse> {
    const headers = { accept: JSON_TYPE, ...request.headers };
    const response = await this.#options.transport.request({ ...request, headers });
    for (const text of warningsIn(response.headers['warning'])) options.onWarning?.(text);
    if (response.status >= 200 && response.status < 300) return response;
    throw errorFromAnswer(response.status, await response.text(), response.headers['retry-after']);
  }
}

function selectors(scope: Scope): Record<string, string | undefined> {
  return { labelSelector: scope.labelSelector, fieldSelector: scope.fieldSelector };
}

function accept(scope: Scope, as: string): string {
  return scope.metadataOnly === true ? `application/json;as=${as};g=meta.k8s.io;v=v1` : JSON_TYPE;
}

function body(value: unknown, type: string): Pick<KubeRequest, 'headers' | 'body'> {
  return { headers: { 'content-type': type }, body: JSON.stringify(value) };
}

function parse(text: string): JsonObject {
  try {
    return JSON.parse(text) as JsonObject;
  } catch (cause) {
    throw new KubeError({ code: 0, reason: NETWORK, message: 'the answer is not JSON', cause });
  }
}

function watchEvent(line: string, resource: Resource): WatchEvent {
  const { type, object } = asEvent(parse(line));
  if (type === 'ERROR') throw errorFromStatus(object);
  if (type === 'BOOKMARK')
    return { type, resourceVersion: getString(object, 'metadata', 'resourceVersion') ?? '' };
  return { type, object: withKind(object, resource) };
}

type RawEvent = { type: WatchEvent['type'] | 'ERROR'; object: JsonObject };

const EVENT_TYPES: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);

/** A broken proxy may answer with any JSON. That is not an answer of the server: the watch starts again. */
function asEvent(line: unknown): RawEvent {
  const { type, object } = isObject(line) ? line : {};
  const whole = isObject(object) && (type === 'ERROR' || getObject(object, 'metadata') !== undefined);
  if (!whole || !EVENT_TYPES.has(type))
    throw new KubeError({ code: 0, reason: NETWORK, message: 'a line of the watch is not an event' });
  return { type: type as RawEvent['type'], object };
}

/** Items of built-in lists come without kind; metadata-only items come as PartialObjectMetadata. */
function withKind(item: Json, resource: Resource): KubeObject {
  const apiVersion = resource.group === '' ? resource.version : `${resource.group}/${resource.version}`;
  return whole({ ...asObject(item), apiVersion, kind: resource.kind });
}

/** A review has hardly any metadata, and may leave it out. */
function whole(answer: JsonObject): KubeObject {
  const object = { metadata: {}, ...answer };
  if (isKubeObject(object)) return object;
  throw new KubeError({ code: 0, reason: NETWORK, message: 'the answer is not a Kubernetes object' });
}

function deadline(ms: number): KubeError {
  return new KubeError({ code: 0, reason: TIMEOUT, message: `no complete answer within ${ms} ms` });
}

/** Why an exchange ended: the deadline or the caller, else what the transport says. */
function causeOf(error: unknown, signal: AbortSignal): unknown {
  return signal.aborted && !(error instanceof KubeError && error.code !== 0) ? signal.reason : error;
}
