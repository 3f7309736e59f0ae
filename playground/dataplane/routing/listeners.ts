import { getInteger, getObjects, getString } from '../../../lib/json.ts';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';

/** The listener of its Gateway that a parentRef asks for. */
interface Asked {
  sectionName?: string;
  port?: number;
}

/** A host under which a listener serves a route; "": any. */
export interface Bound {
  hostname: string;
  port: number;
}

/** The hosts by listener, or why no listener accepts the route. */
export type Binding = { bound: Bound[] } | { reason: string; message: string };

const HTTP_PORT = 80;
const PROTOCOLS = ['HTTP', 'HTTPS'];

/** A Gateway without a list of listeners has one for everything. */
export function bind(route: KubeObject, gateway: KubeObject, { sectionName, port }: Asked): Binding {
  const all = gateway.spec?.['listeners'] === undefined ? [{}] : getObjects(gateway, 'spec', 'listeners');
  const meant = all.filter(
    (listener) =>
      (sectionName === undefined || getString(listener, 'name') === sectionName) &&
      (port === undefined || getInteger(listener, 'port') === port) &&
      PROTOCOLS.includes(getString(listener, 'protocol') ?? 'HTTP'),
  );
  if (meant.length === 0) {
    return {
      reason: 'NoMatchingParent',
      message: `no listener of Gateway ${gateway.metadata.name} is meant`,
    };
  }
  const open = meant.filter((listener) => allows(listener, route, gateway));
  if (open.length === 0) {
    return { reason: 'NotAllowedByListeners', message: 'the listeners’ allowedRoutes leave the route out' };
  }
  const bound = open.flatMap((listener) => boundTo(listener, hostnamesOf(route)));
  return bound.length > 0
    ? { bound }
    : { reason: 'NoMatchingListenerHostname', message: 'no hostname is one of the listeners’' };
}

const hostnamesOf = (route: KubeObject): string[] => {
  const names = (route.spec?.['hostnames'] ?? []) as string[];
  return names.length === 0 ? [''] : names;
};

const boundTo = (listener: JsonObject, hostnames: readonly string[]): Bound[] =>
  hostnames.flatMap((name): Bound[] => {
    const hostname = common(getString(listener, 'hostname') ?? '', name);
    return hostname === undefined ? [] : [{ hostname, port: getInteger(listener, 'port') ?? HTTP_PORT }];
  });

/**
 * The narrower of two host names, each of which may be a wildcard or ""; undefined: they have no host in
 * common.
 */
function common(a: string, b: string): string | undefined {
  if (a === '' || b === '' || a === b) return a === '' ? b : a;
  const holds = (wide: string, narrow: string) => wide.startsWith('*.') && narrow.endsWith(wide.slice(1));
  if (holds(a, b)) return b;
  return holds(b, a) ? a : undefined;
}

/** Namespaces have only their names here: a selector by other labels matches none. */
function allows(listener: JsonObject, route: KubeObject, gateway: KubeObject): boolean {
  const kinds = getObjects(listener, 'allowedRoutes', 'kinds').map((each) => getString(each, 'kind'));
  if (kinds.length > 0 && !kinds.includes(route.kind)) return false;
  const from = getString(listener, 'allowedRoutes', 'namespaces', 'from') ?? 'Same';
  if (from === 'All') return true;
  const { namespace = '' } = route.metadata;
  if (from === 'Same') return namespace === (gateway.metadata.namespace ?? '');
  const label = 'kubernetes.io/metadata.name';
  return getString(listener, 'allowedRoutes', 'namespaces', 'selector', 'matchLabels', label) === namespace;
}
