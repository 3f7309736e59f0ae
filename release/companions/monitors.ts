import { arrayOrEmpty, get, getObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { LABEL } from '../../api/names.ts';
import { labelValue, selectorMatches } from '../canary/index.ts';
import { copied, NOTHING, reachOf, selectorIn, specOf, type Followed, type Pods } from './pods.ts';

/** A monitor that selects canary pods, alone or beside stable ones, already scrapes them. */
export function podMonitor(object: KubeObject, pods: Pods): Followed {
  const spec = specOf(object);
  if (!sees(spec, pods) || reachOf(selectorIn(spec, 'selector'), pods) !== 'lost') return NOTHING;
  return copied({ ...ofOwnNamespace(spec), selector: pods.selector });
}

/**
 * The canary Service carries the labels of the stable one, except those by which Helm and GitOps tools track objects.
 */
export function serviceMonitor(object: KubeObject, pods: Pods): Followed {
  const spec = specOf(object);
  const selector = selectorIn(spec, 'selector');
  const { service } = pods;
  if (service === undefined || !sees(spec, pods)) return NOTHING;
  if (!selectorMatches(selector, service.labels) || selectorMatches(selector, service.canary.labels))
    return NOTHING;
  const matchLabels = { [LABEL.target]: labelValue(pods.target), [LABEL.managedBy]: 'sluice' };
  return copied({ ...ofOwnNamespace(spec), selector: { matchLabels } });
}

function sees(spec: JsonObject, { namespace }: Pods): boolean {
  const selector = getObject(spec, 'namespaceSelector');
  if (selector === undefined || get(selector, 'any') === true) return true;
  const names = arrayOrEmpty(selector, 'matchNames');
  return names.length === 0 || names.includes(namespace);
}

/** Without a namespaceSelector a monitor sees its own namespace. */
function ofOwnNamespace(spec: JsonObject): JsonObject {
  const rest = { ...spec };
  delete rest['namespaceSelector'];
  return rest;
}
