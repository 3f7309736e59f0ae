import { equalJson, getString, getStringMap } from '../api/json.ts';
import type { KubeObject } from '../api/kube.ts';
import { LABEL } from '../api/names.ts';
import { REASON } from '../api/reasons.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Write } from '../api/writes.ts';
import { isMadeFor } from './naming.ts';
import {
  canaryIngress,
  canaryIngressName,
  isCanary,
  PASSTHROUGH,
  pathsOf,
  placeOf,
  WEIGHT,
} from './nginx-ingress.ts';
import { nginxPresets } from './presets.ts';
import type { Observation, Provider, Refusal, Split, TrafficContext } from './provider.ts';

const names = (ingress: KubeObject, service: string): boolean =>
  getString(ingress, 'spec', 'defaultBackend', 'service', 'name') === service ||
  pathsOf(ingress).some((path) => path.service === service);

/** The user's Ingresses to be split: those with a path to the stable Service. */
function mains(context: TrafficContext): KubeObject[] {
  const stable = context.stableService.metadata.name;
  return context.routes.filter((ingress) => pathsOf(ingress).some(({ service }) => service === stable));
}

function ownIngresses(context: TrafficContext): KubeObject[] {
  return context.made.filter(
    (object) => isMadeFor(context.target, object) && object.metadata.deletionTimestamp === undefined,
  );
}

/** Is what stands in the cluster what we want? Fields and annotations others add are left alone. */
function isAsWanted(live: KubeObject, wanted: KubeObject): boolean {
  const holds = (field: 'labels' | 'annotations') => {
    const have = getStringMap(live, 'metadata', field);
    return Object.entries(getStringMap(wanted, 'metadata', field)).every(
      ([key, value]) => have[key] === value,
    );
  };
  return equalJson(live.spec, wanted.spec) && holds('labels') && holds('annotations');
}

/**
 * At weight 0 there is no canary Ingress: clients with a canary cookie would stay on one of weight 0.
 * Made by POST, so that an Ingress of that name that is not ours is an error and is never taken over.
 */
function plan(context: TrafficContext, { weight }: Split): Write[] {
  const own = ownIngresses(context);
  const wanted = weight === 0 ? [] : mains(context).map((ingress) => canaryIngress(context, ingress, weight));
  const writes = wanted.flatMap((object): Write[] => {
    const live = own.find(({ metadata }) => metadata.name === object.metadata.name);
    if (live === undefined) return [{ verb: 'create', object }];
    return isAsWanted(live, object) ? [] : [{ verb: 'apply', object }];
  });
  const extra = own.filter(
    ({ metadata }) => !wanted.some((object) => object.metadata.name === metadata.name),
  );
  return [...writes, ...extra.map((object) => remove(context, object))];
}

function remove(context: TrafficContext, { metadata }: KubeObject): Write {
  const ref = { resource: RESOURCES.ingresses, namespace: context.namespace, name: metadata.name };
  return { verb: 'delete', ref, uid: metadata.uid ?? '' };
}

function observe(context: TrafficContext): Observation {
  const own = ownIngresses(context);
  const used = new Set<string>();
  const weights = mains(context).map((main) => {
    const name = canaryIngressName(main.metadata.name, context.target);
    used.add(name);
    return readWeight(
      context,
      main,
      own.find((object) => object.metadata.name === name),
    );
  });
  const orphan = own.find(({ metadata }) => !used.has(metadata.name));
  const distinct = new Set(weights);
  const [weight] = distinct.size === 0 ? [0] : distinct;
  if (orphan === undefined && distinct.size <= 1 && weight !== undefined)
    return { weight, acknowledged: 'unknown' };
  const problem =
    orphan === undefined
      ? `the canary Ingresses of ${context.target} do not match the user's Ingresses, or each other`
      : `canary Ingress ${orphan.metadata.name} belongs to an Ingress that no longer names Service ${context.stableService.metadata.name}`;
  return { weight: undefined, acknowledged: 'unknown', problem };
}

/** Undefined: the canary Ingress stands but is not what its main Ingress now asks for, so the split may have stopped. */
function readWeight(
  context: TrafficContext,
  main: KubeObject,
  live: KubeObject | undefined,
): number | undefined {
  if (live === undefined) return 0;
  const text = getString(live, 'metadata', 'annotations', WEIGHT) ?? '';
  if (!/^\d{1,3}$/.test(text)) return undefined;
  const weight = Number(text);
  // Which Release it was made for has no effect on traffic.
  const release = live.metadata.labels?.[LABEL.release] ?? context.release;
  return isAsWanted(live, canaryIngress({ ...context, release }, main, weight)) ? weight : undefined;
}

function refuse(context: TrafficContext): Refusal[] {
  return context.routes.flatMap((ingress) => refuseIngress(context, ingress));
}

function refuseIngress(context: TrafficContext, ingress: KubeObject): Refusal[] {
  const stable = context.stableService.metadata.name;
  const name = `Ingress ${ingress.metadata.name}`;
  const refusal = (sentence: string): Refusal => ({ reason: REASON.RouteUnsupported, sentence });
  const out: Refusal[] = [];
  if (getString(ingress, 'spec', 'defaultBackend', 'service', 'name') === stable) {
    out.push(
      refusal(
        `${name} names Service ${stable} in spec.defaultBackend, which Ingress-NGINX cannot split; give it a rule with the path "/" instead.`,
      ),
    );
  }
  if (isCanary(ingress)) {
    out.push(
      refusal(
        `${name} is itself a canary Ingress (annotation nginx.ingress.kubernetes.io/canary) and names Service ${stable}; remove it, or leave it out with the annotation sluice.dev/route.`,
      ),
    );
  }
  if (getString(ingress, 'metadata', 'annotations', PASSTHROUGH) === 'true') {
    out.push(
      refusal(
        `${name} passes TLS through (annotation nginx.ingress.kubernetes.io/ssl-passthrough), so its requests cannot be split; end TLS at the controller.`,
      ),
    );
  }
  return out;
}

/**
 * Canary Ingresses of others at a place that is to be split: only the oldest of two works, silently. Several hosts
 * and namespaces may hold one; those of the namespace are seen here.
 */
export function foreignCanaries(context: TrafficContext, ingresses: readonly KubeObject[]): Refusal[] {
  const stable = context.stableService.metadata.name;
  const places = new Map(
    context.routes.flatMap((ingress) =>
      pathsOf(ingress)
        .filter(({ service }) => service === stable)
        .map((path): [string, string] => [placeOf(path), `${path.host}${path.path}`]),
    ),
  );
  return ingresses
    .filter((ingress) => isCanary(ingress) && !isMadeFor(context.target, ingress))
    .flatMap((ingress) => {
      const hit = pathsOf(ingress)
        .map(placeOf)
        .find((place) => places.has(place));
      if (hit === undefined) return [];
      const sentence = `Ingress ${ingress.metadata.name} is a canary Ingress for ${places.get(hit) ?? ''} already, and Ingress-NGINX obeys only one; remove it before the release.`;
      return [{ reason: REASON.RouteUnsupported, sentence }];
    });
}

/** Ingress-NGINX: a canary Ingress of our own beside each user's Ingress, which itself is never edited. */
export const nginx: Provider = {
  name: 'nginx',
  routeResources: [RESOURCES.ingresses],
  madeResource: RESOURCES.ingresses,
  editsUserRoutes: false,
  // Watch lag, one sync every 3.3 s, one poll a second in each worker of each replica.
  settleMs: 15_000,
  strategies: ['canary'],
  names,
  refuse,
  record: () => ({}),
  observe,
  plan,
  cleanup: (context) => ownIngresses(context).map((object) => remove(context, object)),
  presets: () => nginxPresets,
};
