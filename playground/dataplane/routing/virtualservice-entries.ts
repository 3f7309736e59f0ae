import type { KubeObject } from '../../../api/kube.ts';
import type { HeaderEdits } from './header-edits.ts';
import { fullName, hostRank } from './routing.ts';
import type { Actions } from './virtualservice-actions.ts';
import { conflicts, isCatchAll, MESH, type Match } from './virtualservice-matches.ts';

export interface Destination {
  host: string;
  subset?: string;
  port?: { number?: number };
}

export interface Headers {
  request?: Partial<HeaderEdits>;
  response?: Partial<HeaderEdits>;
}

export interface HttpRoute extends Actions {
  match?: Match[];
  route?: { destination: Destination; weight?: number; headers?: Headers }[];
  headers?: Headers;
  mirror?: Destination;
  /** percent; absent: everything */
  mirrorPercentage?: { value?: number };
  mirrors?: { destination: Destination; percentage?: { value?: number } }[];
  delegate?: { name: string; namespace?: string };
}

/** One match of an http route, as an entry of its own, with what it needs from its VirtualService. */
export interface Entry extends HttpRoute {
  namespace: string;
  /** undefined: it matches everything */
  asks: Match | undefined;
  /** for a delegate: the conditions of the root's route */
  within: Match | undefined;
}

interface Table {
  /** full names, if they mean Services */
  hosts: string[];
  /** does it apply at gateways, and in sidecars? */
  edge: boolean;
  mesh: boolean;
  entries: Entry[];
}

/** The VirtualServices of a cluster; gateways and sidecars choose among them. */
export class VirtualServices {
  private readonly tables: Table[];

  constructor(objects: readonly KubeObject[]) {
    this.tables = objects
      .toSorted((a, b) => age(a).localeCompare(age(b)))
      .map((object) => tableOf(object, objects))
      .filter(({ hosts }) => hosts.length > 0);
  }

  /**
   * The routes of the most specific host, in order: a gateway has those of every VirtualService with that
   * host, oldest first, and routes that match everything at the end; a sidecar has only those of the oldest.
   * undefined: none has the host.
   */
  entriesFor(host: string, within: boolean): Entry[] | undefined {
    const there = this.tables.filter(({ edge, mesh }) => (within ? mesh : edge));
    const best = there
      .flatMap(({ hosts }) => hosts)
      .reduce<string | undefined>((a, b) => (rank(b, host) > rank(a, host) ? b : a), undefined);
    if (best === undefined) return undefined;
    const [first, ...more] = there.filter(({ hosts }) => hosts.includes(best));
    const entries = [...(first?.entries ?? []), ...(within ? [] : more.flatMap((table) => table.entries))];
    if (within || more.length === 0) return entries;
    const last = entries.filter(catchesAll);
    return [...entries.filter((entry) => !last.includes(entry)), ...last];
  }
}

const rank = (pattern: string | undefined, host: string): number =>
  pattern === undefined ? -1 : hostRank(pattern, host);

const catchesAll = ({ asks, within }: Entry): boolean =>
  [asks, within].every((match) => match === undefined || isCatchAll(match));

const age = ({ metadata }: KubeObject): string =>
  `${metadata.creationTimestamp ?? ''} ${metadata.namespace ?? ''}/${metadata.name}`;

function tableOf(object: KubeObject, all: readonly KubeObject[]): Table {
  const { namespace = '' } = object.metadata;
  const { hosts = [], gateways = [] } = (object.spec ?? {}) as { hosts?: string[]; gateways?: string[] };
  const entries = entriesOf(object, all);
  const last = entries.findIndex(catchesAll);
  return {
    hosts: hosts.map((host) =>
      host.includes('.') || host === '*' ? host : fullName({ namespace, service: host }),
    ),
    edge: gateways.some((gateway) => gateway !== MESH),
    mesh: gateways.length === 0 || gateways.includes(MESH),
    // Routes after one that matches everything are never reached.
    entries: last < 0 ? entries : entries.slice(0, last + 1),
  };
}

const httpOf = (object: KubeObject): HttpRoute[] => (object.spec?.['http'] ?? []) as unknown as HttpRoute[];

/** Routes of delegates take the place of the root's route, one level deep; a missing delegate is left out. */
function entriesOf(object: KubeObject, all: readonly KubeObject[]): Entry[] {
  const { namespace = '' } = object.metadata;
  return httpOf(object).flatMap((route): Entry[] => {
    if (route.delegate === undefined) return matchesOf(route, namespace, undefined);
    const { name, namespace: home = namespace } = route.delegate;
    const delegate = all.find(({ metadata }) => metadata.name === name && metadata.namespace === home);
    return (delegate === undefined ? [] : httpOf(delegate))
      .filter((own) => own.delegate === undefined && fits(route, own))
      .flatMap((own) => (route.match ?? [undefined]).flatMap((above) => delegated(route, own, home, above)));
  });
}

const inherited = (root: HttpRoute): HttpRoute =>
  Object.fromEntries(
    Object.entries(root).filter(([field]) => !['match', 'route', 'delegate', 'name'].includes(field)),
  );

/** It inherits from the root's route what it does not say itself. */
function delegated(root: HttpRoute, own: HttpRoute, namespace: string, above: Match | undefined): Entry[] {
  const entries = matchesOf({ ...inherited(root), ...own }, namespace, above);
  return entries.filter(({ asks }) => above === undefined || asks === undefined || !conflicts(above, asks));
}

/** Each of its matches has to be within one of the root's, or the whole route is left out. */
const fits = (root: HttpRoute, own: HttpRoute): boolean =>
  root.match === undefined ||
  (own.match ?? []).every((asks) => (root.match ?? []).some((above) => !conflicts(above, asks)));

function matchesOf(route: HttpRoute, namespace: string, within: Match | undefined): Entry[] {
  const asked = route.match === undefined || route.match.length === 0 ? [undefined] : route.match;
  return asked.map((asks) => ({ ...route, namespace, asks, within }));
}
