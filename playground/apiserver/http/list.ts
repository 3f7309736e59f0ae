import type { ApiResponse } from '../contract.ts';
import { ApiError, badRequest } from '../errors.ts';
import { isObject, without } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { apiVersionOf } from '../registry/kind.ts';
import { present } from '../registry/target.ts';
import type { Target } from '../registry/target.ts';
import { nameOf, namespaceOf } from '../storage/collection.ts';
import type { Context } from './context.ts';
import type { Exchange } from './exchange.ts';
import { checkListOptions, limitOf, reachVersion, versionOption } from './options.ts';
import { negotiate, partial, render, table } from './representation.ts';
import type { Wanted } from './representation.ts';
import { selection } from './select.ts';
import { bareText, fullText } from './serialised.ts';

/** Where the next page starts: after this key, in the collection as of this version. */
interface Cursor {
  version: number;
  after: string;
}

const keyOf = (object: JsonObject): string => `${namespaceOf(object)}/${nameOf(object)}`;

function readCursor(token: string): Cursor {
  try {
    const value = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as Json;
    if (isObject(value) && typeof value['rv'] === 'number' && typeof value['start'] === 'string') {
      return { version: value['rv'], after: value['start'] };
    }
  } catch {
    // falls through: the token is not one of ours
  }
  throw badRequest('invalid continue token: continue key is not valid');
}

const writeCursor = ({ version, after }: Cursor): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: version, start: after })).toString('base64url');

interface Page {
  items: JsonObject[];
  version: number;
  next: string;
  /** the number of items after this page, if no selector hides some */
  remaining: number | undefined;
}

interface Start {
  version: number;
  /** key of the last item of the page before */
  after: string | undefined;
  limit: number;
}

function tooOld(continued: boolean): ApiError {
  const token = 'The provided continue parameter is too old to display a consistent list result.';
  const exact = 'The resourceVersion for the provided list is too old.';
  return new ApiError(410, 'Expired', continued ? token : exact);
}

/** The state of the collection that the request asks for; throws for combinations that make no sense. */
async function startOf(context: Context, query: URLSearchParams): Promise<Start> {
  const token = query.get('continue') ?? '';
  const wanted = versionOption(query, true);
  const limit = limitOf(query);
  if (token !== '') {
    if (wanted !== undefined && wanted !== 0) {
      throw badRequest('specifying resource version is not allowed when using continue');
    }
    const cursor = readCursor(token);
    return { version: cursor.version, after: cursor.after, limit };
  }
  await reachVersion(context.storage, context.clock, wanted);
  const exact = query.get('resourceVersionMatch') === 'Exact' ? wanted : undefined;
  // for 0 any version is allowed: the whole cached list, whatever the limit
  return { version: exact ?? context.storage.version, after: undefined, limit: wanted === 0 ? 0 : limit };
}

async function page(context: Context, target: Target, exchange: Exchange): Promise<Page> {
  const { query } = exchange;
  checkListOptions(query);
  const selected = selection(target.kind, target.namespace, query);
  const { version, after, limit } = await startOf(context, query);
  const all = context.storage.listAt(target.kind.resource, version, target.namespace);
  if (!all) throw tooOld(after !== undefined);
  const rest = all.filter(
    (object) => (after === undefined || keyOf(object) > after) && selected.includes(object),
  );
  const items = limit > 0 ? rest.slice(0, limit) : rest;
  const last = items.at(-1);
  const more = items.length < rest.length && last !== undefined;
  return {
    items,
    version,
    next: more ? writeCursor({ version, after: keyOf(last) }) : '',
    remaining: more && selected.everything ? rest.length - items.length : undefined,
  };
}

export async function list(context: Context, target: Target, exchange: Exchange): Promise<ApiResponse> {
  const wanted = negotiate(exchange, true);
  const found = await page(context, target, exchange);
  const meta: JsonObject = {
    resourceVersion: String(found.version),
    ...(found.next !== '' || target.kind.custom ? { continue: found.next } : {}),
    ...(found.remaining === undefined ? {} : { remainingItemCount: found.remaining }),
  };
  if (wanted.shape === 'table' || wanted.yaml)
    return render(200, listBody(context, target, { found, meta }, wanted), wanted);
  const body = listText(target, found.items, meta, wanted);
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** The list as JSON, joined from the texts of its items, which are cached. */
function listText(target: Target, items: JsonObject[], meta: JsonObject, wanted: Wanted): string {
  const bare = wanted.shape === 'object' && !target.kind.custom;
  const texts = items.map((item) => (bare ? bareText(target, item) : fullText(target, item, wanted)));
  const head = wanted.shape === 'object' ? itemList(target, [], meta) : partialList([], meta, wanted);
  return JSON.stringify(head).replace(/\[\]}$/, () => `[${texts.join(',')}]}`);
}

const partialList = (items: JsonObject[], meta: JsonObject, wanted: Wanted): JsonObject => ({
  kind: 'PartialObjectMetadataList',
  apiVersion: `meta.k8s.io/${wanted.version}`,
  metadata: meta,
  items,
});

interface Found {
  found: Page;
  meta: JsonObject;
}

function listBody(context: Context, target: Target, { found, meta }: Found, wanted: Wanted): JsonObject {
  const { version } = target;
  const items = found.items.map((object) => present(target, object));
  if (wanted.shape === 'table') {
    return table(items, { version, wanted, now: context.clock.now(), listMeta: meta, withColumns: true });
  }
  if (wanted.shape === 'partialList') {
    const rows = items.map((item) => partial(item, wanted.version));
    return partialList(rows, meta, wanted);
  }
  return itemList(target, items, meta);
}

/** Built-in lists leave out kind and apiVersion of their items. */
export function itemList(target: Target, items: JsonObject[], meta: JsonObject): JsonObject {
  const { kind, version } = target;
  const bare = (item: JsonObject): JsonObject => (kind.custom ? item : without(item, 'kind', 'apiVersion'));
  return {
    kind: `${kind.kind}List`,
    apiVersion: apiVersionOf(kind, version.name),
    metadata: meta,
    items: items.map(bare),
  };
}
