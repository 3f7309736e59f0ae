import { getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Labels } from '../canary/index.ts';
import { attachedPolicy } from './by-service.ts';
import {
  changesOf,
  copied,
  gains,
  NOTHING,
  reachOf,
  refused,
  rewriteMap,
  specOf,
  type Follow,
  type Followed,
  type Pods,
} from './pods.ts';

/**
 * Kinds of Istio that select workloads by a map of labels at `path`; without that map they mean the whole namespace.
 */
export const byLabels =
  (...path: [string, string]): Follow =>
  (object, pods) => {
    const [selector, map] = path;
    const labels = getStringMap(object, 'spec', selector, map);
    const reach = reachOf({ matchLabels: labels }, pods);
    if (reach === 'gained') return refused(gains(`spec.${path.join('.')}`, pods));
    if (reach !== 'lost') return NOTHING;
    const chosen = { ...getObject(object, 'spec', selector), [map]: rewriteMap(labels, pods) };
    return copied({ ...specOf(object), [selector]: chosen });
  };

const selected = byLabels('selector', 'matchLabels');

/** A security policy selects by labels, or (in ambient mode) by a reference to the stable Service. */
export const securityPolicy: Follow = (object, pods) => {
  const { copies, refusals } = selected(object, pods);
  return { copies: [...copies, ...attachedPolicy(object, pods).copies], refusals };
};

const asClient = byLabels('workloadSelector', 'matchLabels');

/**
 * A copy for the canary's host, with the subsets under their names (a route to a subset that its host does not have is
 * answered 503). If the rule also applies to what stable pods send, another copy for what canary pods send.
 */
export function destinationRule(object: KubeObject, pods: Pods): Followed {
  const twins = twinOf(object, pods);
  const clients = asClient(object, pods);
  const both = twins.flatMap(({ spec }) => asClient({ ...object, spec }, pods).copies);
  return {
    refusals: clients.refusals,
    copies: [
      ...twins,
      ...clients.copies.map((copy) => ({ ...copy, suffix: '-canary-client' })),
      ...both.map((copy) => ({ ...copy, suffix: '-canary-both' })),
    ],
  };
}

function twinOf(object: KubeObject, pods: Pods): { suffix: string; spec: JsonObject }[] {
  const spec = specOf(object);
  const host = canaryHost(getString(spec, 'host') ?? '', pods);
  if (host === undefined) return [];
  const subsets = getObjects(spec, 'subsets').map((subset) => ({
    ...subset,
    labels: ofCanary(getStringMap(subset, 'labels'), pods),
  }));
  return [{ suffix: '-canary', spec: { ...spec, host, ...(subsets.length === 0 ? {} : { subsets }) } }];
}

const ofCanary = (labels: Labels, { rewrite }: Pods): JsonObject => {
  const changes = changesOf(rewrite).filter(({ key, from }) => labels[key] === from);
  return { ...labels, ...Object.fromEntries(changes.map(({ key, to }) => [key, to])) };
};

/** istiod completes names without a dot with the namespace of the rule; any other name has to be written in full. */
function canaryHost(host: string, { service, namespace }: Pods): string | undefined {
  if (service === undefined) return undefined;
  if (host === service.name) return service.canary.name;
  const rest = host.slice(service.name.length);
  const full = host.startsWith(service.name) && rest.startsWith(`.${namespace}.svc.`);
  return full ? `${service.canary.name}${rest}` : undefined;
}
