import type { KubeObject } from '../../../api/kube.ts';
import { hostRank } from './routing.ts';

export interface Condition {
  prefix?: string;
  exact?: string;
  regex?: string;
  header?: HeaderCondition;
}

export interface HeaderCondition {
  name: string;
  present?: boolean;
  notpresent?: boolean;
  contains?: string;
  notcontains?: string;
  exact?: string;
  notexact?: string;
}

export interface WeightedService {
  name: string;
  port: number;
  weight?: number;
  /** gets copies */
  mirror?: boolean;
}

/** A route with the conditions of the HTTPProxies that include it. */
export interface Entry {
  namespace: string;
  path: Path;
  headers: readonly HeaderCondition[];
  services: readonly WeightedService[];
}

export interface Path {
  how: 'exact' | 'regex' | 'prefix';
  value: string;
}

interface Include {
  name: string;
  namespace?: string;
  conditions?: Condition[];
}

interface Spec {
  virtualhost?: { fqdn?: string };
  routes?: { conditions?: Condition[]; services?: WeightedService[] }[];
  includes?: Include[];
}

/** The order in which Envoy tries routes, as Contour configures it. */
const RANK = { exact: 0, regex: 1, prefix: 2 };

/** HTTPProxies as routes of hosts: roots, and what they include. */
export class HttpProxies {
  private readonly byName: ReadonlyMap<string, KubeObject>;
  private readonly roots: readonly { fqdn: string; entries: readonly Entry[] }[];

  constructor(objects: readonly KubeObject[]) {
    this.byName = new Map(objects.map((each) => [keyOf(each.metadata.namespace, each.metadata.name), each]));
    this.roots = objects.flatMap((object) => {
      const fqdn = specOf(object).virtualhost?.fqdn?.toLowerCase();
      if (fqdn === undefined) return [];
      return [{ fqdn, entries: this.entriesOf(object, [], new Set()).sort(inOrder) }];
    });
  }

  /** The routes for a host, in the order in which they are tried; undefined: no root has the host. */
  entriesFor(host: string): readonly Entry[] | undefined {
    const ranked = this.roots.map((root) => ({ ...root, rank: hostRank(root.fqdn, host) }));
    return ranked.filter(({ rank }) => rank >= 0).sort((a, b) => b.rank - a.rank)[0]?.entries;
  }

  /** `above`: the objects on the path to this one; one that includes itself is read once. */
  private entriesOf(
    object: KubeObject,
    given: readonly Condition[],
    above: ReadonlySet<KubeObject>,
  ): Entry[] {
    if (above.has(object)) return [];
    const { namespace = '' } = object.metadata;
    const { routes = [], includes = [] } = specOf(object);
    const own = routes.map(({ conditions = [], services = [] }): Entry => {
      const all = [...given, ...conditions];
      const headers = all.flatMap(({ header }) => (header === undefined ? [] : [header]));
      return { namespace, path: pathOf(all), headers, services };
    });
    const included = includes.flatMap(({ name, namespace: home = namespace, conditions = [] }) => {
      const part = this.byName.get(keyOf(home, name));
      if (part === undefined || specOf(part).virtualhost !== undefined) return [];
      return this.entriesOf(part, [...given, ...conditions], new Set([...above, object]));
    });
    return [...own, ...included];
  }
}

const keyOf = (namespace = '', name: string): string => `${namespace}/${name}`;

const specOf = ({ spec }: KubeObject): Spec => spec ?? {};

/** The prefixes of including HTTPProxies are joined; the last part may be an exact path or a pattern. */
function pathOf(conditions: readonly Condition[]): Path {
  const prefixes = conditions.flatMap(({ prefix }) => (prefix === undefined ? [] : [prefix]));
  const before = prefixes.join('/').replaceAll(/\/+/g, '/');
  const exact = conditions.find((each) => each.exact !== undefined)?.exact;
  if (exact !== undefined) return { how: 'exact', value: `${before.replace(/\/$/, '')}${exact}` };
  const regex = conditions.find((each) => each.regex !== undefined)?.regex;
  if (regex !== undefined) return { how: 'regex', value: `${before.replace(/\/$/, '')}${regex}` };
  return { how: 'prefix', value: before };
}

const inOrder = (a: Entry, b: Entry): number =>
  RANK[a.path.how] - RANK[b.path.how] ||
  b.path.value.length - a.path.value.length ||
  b.headers.length - a.headers.length;
