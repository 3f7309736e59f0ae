import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { Json } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Refusal, TrafficContext } from '../provider.ts';

/** All ServiceProfiles that were read. */
export const profilesOf = ({ others = [] }: TrafficContext): KubeObject[] =>
  others.filter(({ kind }) => kind === RESOURCES.serviceProfiles.kind);

/**
 * The ServiceProfile of a Service. Its name is the Service's full name; the cluster's domain is not known
 * here.
 */
export function profileOf(context: TrafficContext, service: string): KubeObject | undefined {
  const prefix = `${service}.${context.namespace}.svc.`;
  return profilesOf(context).find(({ metadata }) => metadata.name.startsWith(prefix));
}

/** The overrides of a profile as shares by Service of the namespace. */
export function overridesOf(namespace: string, profile: KubeObject | undefined): Map<string, number> {
  const suffix = `.${namespace}.svc`;
  return new Map(
    getObjects(profile, 'spec', 'dstOverrides').map((override) => {
      const authority = getString(override, 'authority') ?? '';
      const at = authority.indexOf(suffix);
      return [at > 0 ? authority.slice(0, at) : authority, quantity(override['weight'])];
    }),
  );
}

const SUFFIXES: Record<string, number> = { m: 0.001, k: 1e3, M: 1e6 };

/** A Quantity: a number, or a text in which 10 000 may be written "10k" and a half "500m". NaN for anything else. */
function quantity(value: Json | undefined): number {
  if (typeof value === 'number') return value;
  const [, digits = '', suffix = ''] =
    /^(\d+(?:\.\d+)?)([mkM]?)$/.exec(typeof value === 'string' ? value : '') ?? [];
  return digits === '' ? NaN : Number(digits) * (SUFFIXES[suffix] ?? 1);
}

/**
 * Is this route attached to a Service of its namespace (a route of the mesh)? Returns all of these Services.
 */
export const parentServices = (route: KubeObject): string[] =>
  getObjects(route, 'spec', 'parentRefs')
    .filter((parent) => getString(parent, 'kind') === 'Service')
    .filter((parent) => [undefined, route.metadata.namespace].includes(getString(parent, 'namespace')))
    .map((parent) => getString(parent, 'name') ?? '');

/**
 * In Linkerd, a profile with routes or overrides makes proxies ignore every route of the mesh for its
 * Service, without a message.
 */
export function refuseOverruled(context: TrafficContext): Refusal[] {
  return context.routes.flatMap((route) =>
    parentServices(route).flatMap((service) => {
      const profile = profileOf(context, service);
      const says = ['routes', 'dstOverrides'].filter(
        (field) => getObjects(profile, 'spec', field).length > 0,
      );
      if (profile === undefined || says.length === 0) return [];
      const fields = says.map((field) => `spec.${field}`).join(' and ');
      const sentence = `ServiceProfile ${profile.metadata.name} has ${fields}, which makes Linkerd ignore ${route.kind} ${route.metadata.name}; remove the profile (a TrafficSplit may have left it), or use provider linkerd.`;
      return [{ reason: REASON.RouteUnsupported, sentence }];
    }),
  );
}
