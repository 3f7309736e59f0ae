/** Discovery: groups, versions, resources, in the plain and the aggregated form. */
import type { ApiResponse } from '../contract.ts';
import { noSuchPath } from '../errors.ts';
import { canonical } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { byPriority } from '../crd/custom-kind.ts';
import type { Kind } from '../registry/kind.ts';
import type { Registry } from '../registry/registry.ts';
import { reviewResources } from './reviews.ts';
import { checksum } from './checksum.ts';
import { json, plain } from './exchange.ts';
import type { Exchange } from './exchange.ts';

const COLLECTION = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];
const SUBRESOURCE = ['get', 'patch', 'update'];

interface Entry {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
  group?: string;
  version?: string;
  shortNames?: string[];
  categories?: string[];
}

function mainEntry(kind: Kind): Entry {
  const verbs =
    kind.resource === 'namespaces' ? COLLECTION.filter((verb) => verb !== 'deletecollection') : COLLECTION;
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
  };
}

function entriesOf(kind: Kind): Entry[] {
  const sub = (name: string, rest: Partial<Entry> = {}): Entry => ({
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: SUBRESOURCE,
    ...rest,
  });
  const entries = [mainEntry(kind)];
  if (kind.resource === 'pods') {
    entries.push(sub('eviction', { group: 'policy', version: 'v1', kind: 'Eviction', verbs: ['create'] }));
    entries.push(sub('log', { verbs: ['get'] }));
  }
  if (kind.resource === 'namespaces') entries.push(sub('finalize', { verbs: ['update'] }));
  if (kind.scale) entries.push(sub('scale', { group: 'autoscaling', version: 'v1', kind: 'Scale' }));
  if (kind.status) entries.push(sub('status'));
  return entries;
}

export class Discovery {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Versions of a group, the preferred one first; empty if the group is unknown. */
  #versions(group: string): string[] {
    const names = new Set(this.#kinds(group).flatMap((kind) => kind.versions.map((version) => version.name)));
    if (reviewResources(group).length > 0) names.add('v1');
    return [...names].sort(byPriority);
  }

  #kinds(group: string): Kind[] {
    return this.#registry.all().filter((kind) => kind.group === group);
  }

  hasGroup(group: string): boolean {
    return this.#versions(group).length > 0;
  }

  #groups(): string[] {
    const groups = new Set(this.#registry.all().map((kind) => kind.group));
    return [...groups, 'authentication.k8s.io', 'authorization.k8s.io']
      .filter((group) => group !== '')
      .sort();
  }

  #group(group: string): JsonObject {
    const versions = this.#versions(group).map((version) => ({
      groupVersion: `${group}/${version}`,
      version,
    }));
    return { name: group, versions, preferredVersion: versions[0] ?? {} };
  }

  #resources(group: string, version: string): Entry[] {
    const kinds = this.#kinds(group).filter((kind) =>
      kind.versions.some((served) => served.name === version),
    );
    const entries = kinds.flatMap(entriesOf);
    const reviews = version === 'v1' ? reviewResources(group) : [];
    return [...entries, ...reviews].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Answers /api, /apis and the paths below; undefined for another path. */
  answer(exchange: Exchange): ApiResponse | undefined {
    const [root, group = '', version] = exchange.path;
    if (root === 'api') return this.#core(exchange);
    if (root !== 'apis' || exchange.path.length > 3) return undefined;
    if (group === '') return this.#index(exchange);
    if (!this.hasGroup(group)) return plain(404, '404 page not found\n');
    if (version === undefined)
      return json(200, { kind: 'APIGroup', apiVersion: 'v1', ...this.#group(group) });
    return this.#resourceList(group, version);
  }

  #core(exchange: Exchange): ApiResponse | undefined {
    const [, version] = exchange.path;
    if (exchange.path.length > 2) return undefined;
    if (version !== undefined) return this.#resourceList('', version);
    if (wantsAggregated(exchange)) return aggregated(exchange, [this.#aggregate('')]);
    const server = { clientCIDR: '0.0.0.0/0', serverAddress: '127.0.0.1' };
    return json(200, { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [server] });
  }

  #index(exchange: Exchange): ApiResponse {
    const groups = this.#groups();
    if (wantsAggregated(exchange))
      return aggregated(
        exchange,
        groups.map((group) => this.#aggregate(group)),
      );
    return json(200, {
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: groups.map((group) => this.#group(group)),
    });
  }

  #resourceList(group: string, version: string): ApiResponse {
    if (!this.#versions(group).includes(version)) throw noSuchPath();
    const groupVersion = group === '' ? version : `${group}/${version}`;
    const resources = this.#resources(group, version);
    const head = group === '' ? { kind: 'APIResourceList' } : { kind: 'APIResourceList', apiVersion: 'v1' };
    return json(200, { ...head, groupVersion, resources });
  }

  #aggregate(group: string): JsonObject {
    const versions = this.#versions(group).map((version): Json => ({
      version,
      resources: aggregateResources(this.#resources(group, version)),
      freshness: 'Current',
    }));
    return {
      metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions,
    };
  }
}

const AGGREGATED = /as=APIGroupDiscoveryList/;

function wantsAggregated(exchange: Exchange): boolean {
  return AGGREGATED.test(exchange.headers['accept'] ?? '');
}

function aggregateResources(entries: Entry[]): Json[] {
  return entries
    .filter((entry) => !entry.name.includes('/'))
    .map((entry): Json => {
      const subs = entries.filter((other) => other.name.startsWith(`${entry.name}/`));
      return {
        resource: entry.name,
        responseKind: responseKind(entry),
        scope: entry.namespaced ? 'Namespaced' : 'Cluster',
        singularResource: entry.singularName,
        verbs: entry.verbs,
        ...(entry.shortNames ? { shortNames: entry.shortNames } : {}),
        ...(entry.categories ? { categories: entry.categories } : {}),
        ...(subs.length > 0 ? { subresources: subs.map(subresource) } : {}),
      };
    });
}

/** Group and version only if they differ from those of the surrounding resource list. */
function responseKind(entry: Entry): Json {
  return { group: entry.group ?? '', version: entry.version ?? '', kind: entry.kind };
}

function subresource(entry: Entry): Json {
  const name = entry.name.split('/')[1] ?? '';
  return { subresource: name, responseKind: responseKind(entry), verbs: entry.verbs };
}

function aggregated(exchange: Exchange, items: JsonObject[]): ApiResponse {
  const version = /v=v2beta1/.test(exchange.headers['accept']?.split(',')[0] ?? '') ? 'v2beta1' : 'v2';
  const body = {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items,
  };
  const text = canonical(body);
  const etag = `"${checksum(text)}"`;
  const headers = { etag, vary: 'Accept' };
  if (exchange.headers['if-none-match'] === etag) return { status: 304, headers, body: '' };
  const type = `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;
  return { status: 200, headers: { ...headers, 'content-type': type }, body: JSON.stringify(body) };
}
