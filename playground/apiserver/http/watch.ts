import type { ApiResponse } from '../contract.ts';
import { ApiError } from '../errors.ts';
import { metadata } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/kind.ts';
import { present } from '../registry/target.ts';
import type { Target } from '../registry/target.ts';
import { namespaceOf } from '../storage/collection.ts';
import type { EventType, StoredEvent } from '../storage/storage.ts';
import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';
import { checkListOptions, sendInitialEvents, versionOption, wantsBookmarks } from './options.ts';
import { negotiate, partial, table } from './representation.ts';
import type { Wanted } from './representation.ts';
import { selection } from './select.ts';
import type { Selection } from './select.ts';
import { fullText } from './serialised.ts';
import { WatchStream } from './stream.ts';

/** Without timeoutSeconds a watch ends after about this long, so that clients reconnect. */
const DEFAULT_TIMEOUT_S = 1800;
/** The last bookmark is sent this long before the end. */
const BOOKMARK_MS = 2000;

class Watch {
  readonly stream: WatchStream;
  readonly #context: Context;
  readonly #target: Target;
  readonly #selected: Selection;
  readonly #wanted: Wanted;
  #sentColumns = false;
  /** version of the last event seen, for bookmarks */
  #version: number;
  #sawChange = false;

  constructor(
    context: Context,
    target: Target,
    options: { selected: Selection; wanted: Wanted; onEnd: () => void },
  ) {
    this.#context = context;
    this.#target = target;
    this.#selected = options.selected;
    this.#wanted = options.wanted;
    this.#version = context.storage.version;
    this.stream = new WatchStream(options.onEnd);
  }

  /** Sends a stored change if the selection includes it. */
  change(event: StoredEvent): void {
    if (this.#target.namespace !== undefined && namespaceOf(event.object) !== this.#target.namespace) return;
    this.#version = event.version;
    this.#sawChange = true;
    const { previous } = event;
    const before = previous !== undefined && this.#selected.includes(previous);
    const now = event.type !== 'DELETED' && this.#selected.includes(event.object);
    if (now) this.send(before ? 'MODIFIED' : 'ADDED', event.object);
    else if (before && event.type === 'DELETED') this.send('DELETED', event.object);
    else if (before) this.send('DELETED', withVersion(previous, event.version));
  }

  /** The state at the start, as ADDED. */
  initial(): void {
    const { storage } = this.#context;
    for (const object of storage.list(this.#target.kind.resource, this.#target.namespace)) {
      if (this.#selected.includes(object)) this.send('ADDED', object);
    }
  }

  send(type: EventType, object: JsonObject): void {
    this.stream.push(`{"type":"${type}","object":${this.#serialise(object)}}\n`);
  }

  #serialise(object: JsonObject): string {
    if (this.#wanted.shape === 'table') return JSON.stringify(this.#table(object));
    return fullText(this.#target, object, this.#wanted);
  }

  #table(object: JsonObject): JsonObject {
    const withColumns = !this.#sentColumns;
    this.#sentColumns = true;
    const listMeta = { resourceVersion: metadata(object)['resourceVersion'] };
    const { version } = this.#target;
    return table([present(this.#target, object)], {
      version,
      wanted: this.#wanted,
      now: this.#context.clock.now(),
      listMeta,
      withColumns,
    });
  }

  bookmark(endOfInitialEvents: boolean): void {
    if (!endOfInitialEvents && !this.#sawChange) return;
    const annotations = endOfInitialEvents ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {};
    const meta = { resourceVersion: String(this.#version), ...annotations };
    const object = this.#bookmarkObject(meta);
    this.stream.push(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  #bookmarkObject(meta: JsonObject): JsonObject {
    const { kind, version } = this.#target;
    const empty: JsonObject = {
      kind: kind.kind,
      apiVersion: apiVersionOf(kind, version.name),
      metadata: meta,
    };
    return this.#wanted.shape === 'object' || this.#wanted.shape === 'table'
      ? empty
      : partial(empty, this.#wanted.version);
  }

  fail(error: ApiError): void {
    this.stream.push(`${JSON.stringify({ type: 'ERROR', object: error.status })}\n`);
    this.stream.end();
  }
}

function withVersion(object: JsonObject, version: number): JsonObject {
  return { ...object, metadata: { ...metadata(object), resourceVersion: String(version) } };
}

/** Opens a watch: past events, or the present state, then every change until the time is up. */
export function watch(context: Context, target: Target, exchange: Exchange): ApiResponse {
  const { query } = exchange;
  checkListOptions(query);
  const wanted = negotiateWatch(exchange);
  const selected = selection(target.kind, target.namespace, query);
  const version = versionOption(query, false);
  const stops: (() => void)[] = [];
  const onEnd = (): void => {
    context.streams.delete(opened.stream);
    for (const stop of stops) stop();
  };
  const opened = new Watch(context, target, { selected, wanted, onEnd });
  context.streams.add(opened.stream);
  start(context, opened, target, { query, version });
  if (!opened.stream.ended) {
    stops.push(context.storage.subscribe(target.kind.resource, (event) => opened.change(event)));
    scheduleEnd(context, opened, query, stops);
  }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: opened.stream };
}

/** A watch sends single objects, so both forms of partial metadata mean the same. */
function negotiateWatch(exchange: Exchange): Wanted {
  const accept = (exchange.headers['accept'] ?? '').replaceAll(
    'PartialObjectMetadataList',
    'PartialObjectMetadata',
  );
  return negotiate({ ...exchange, headers: { ...exchange.headers, accept } }, false);
}

function start(
  context: Context,
  opened: Watch,
  target: Target,
  options: { query: URLSearchParams; version: number | undefined },
): void {
  const { storage } = context;
  const { query, version } = options;
  const initial = sendInitialEvents(query);
  if (initial === true || (initial === undefined && (version === undefined || version === 0))) {
    opened.initial();
    if (initial === true && wantsBookmarks(query)) opened.bookmark(true);
    return;
  }
  if (version === undefined || version >= storage.version) return;
  const missed = storage.since(target.kind.resource, version);
  if (missed) {
    for (const event of missed) opened.change(event);
    return;
  }
  opened.fail(new ApiError(410, 'Expired', `too old resource version: ${version} (${storage.version})`));
}

function scheduleEnd(context: Context, opened: Watch, query: URLSearchParams, stops: (() => void)[]): void {
  const { clock } = context;
  const seconds = Number(query.get('timeoutSeconds') ?? '') || DEFAULT_TIMEOUT_S;
  stops.push(clock.after(seconds * 1000, () => opened.stream.end()));
  if (!wantsBookmarks(query)) return;
  const every = (ms: number, fn: () => void): void => {
    stops.push(clock.after(ms, fn));
  };
  every(Math.max(seconds * 1000 - BOOKMARK_MS, 0), () => opened.bookmark(false));
  const minutely = (): void => {
    opened.bookmark(false);
    every(60_000, minutely);
  };
  every(60_000, minutely);
}
