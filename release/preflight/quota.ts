import { getInteger, getObject, getObjects, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Step } from '../../api/kinds/policy/step.ts';
import { parseQuantity } from '../../lib/quantity.ts';
import { REASON } from '../../api/reasons.ts';
import type { Refusal, Steering } from '../../providers/provider.ts';
import { nameOf } from './types.ts';

export interface RoomNeeded {
  /** the live target, with the new template */
  target: KubeObject;
  ladder: readonly Step[];
  /** tells how many pods a step needs */
  steering: Steering;
  /** ResourceQuotas of the namespace, where they may be read */
  quotas: readonly KubeObject[];
}

/**
 * Refuses quotas that leave no room for the canary, or for the canary beside the surge of the promotion: a release that
 * began would be stuck half-way. A quota with scopes of its own is not judged.
 */
export function refuseQuota(needed: RoomNeeded): Refusal[] {
  const pods = podsNeeded(needed);
  const pod = getObject(needed.target, 'spec', 'template', 'spec') ?? {};
  return needed.quotas.filter((quota) => counts(quota, pod)).flatMap((quota) => short(quota, pod, pods));
}

/** How many more pods than now at most: the largest canary, or the last one beside the promotion's surge. */
export function podsNeeded({ target, ladder, steering }: Omit<RoomNeeded, 'quotas'>): number {
  const stable = getInteger(target, 'spec', 'replicas') ?? 1;
  const sizes = ladder.map((step) => steering.podsFor(step, stable));
  return Math.max(0, ...sizes, (sizes.at(-1) ?? 0) + surgeOf(target, stable));
}

function surgeOf(target: KubeObject, replicas: number): number {
  const rollingUpdate = getObject(target, 'spec', 'strategy', 'rollingUpdate');
  const percent = /^(\d+)%$/.exec(getString(rollingUpdate, 'maxSurge') ?? '25%')?.[1];
  return getInteger(rollingUpdate, 'maxSurge') ?? Math.ceil((Number(percent ?? 25) * replicas) / 100);
}

/** NotTerminating means pods without a deadline; the pods of a Deployment usually have none. */
function counts(quota: KubeObject, pod: JsonObject): boolean {
  const scopes = quota.spec?.['scopes'];
  if (quota.spec?.['scopeSelector'] !== undefined) return false;
  if (scopes === undefined || (Array.isArray(scopes) && scopes.length === 0)) return true;
  const lasting = getInteger(pod, 'activeDeadlineSeconds') === undefined;
  return Array.isArray(scopes) && scopes.every((scope) => scope === 'NotTerminating') && lasting;
}

function short(quota: KubeObject, pod: JsonObject, pods: number): Refusal[] {
  const hard = getStringMap(quota, 'status', 'hard');
  const used = getStringMap(quota, 'status', 'used');
  return Object.entries(hard).flatMap(([resource, limit]) => {
    const each = resource === 'pods' || resource === 'count/pods' ? 1 : perPod(pod, resource);
    const [most, taken] = [parseQuantity(limit), parseQuantity(used[resource] ?? '0')];
    if (each === undefined || most === undefined || taken === undefined) return [];
    if (taken + each * pods <= most * (1 + 1e-9)) return [];
    const room = `${used[resource] ?? '0'} of ${limit} are used`;
    const sentence = `ResourceQuota ${nameOf(quota)} leaves too little ${resource}: ${room}, and the canary with the surge of its promotion needs ${pods} more pods of ${shown(each, resource)}; raise the quota, or set fewer canaryReplicas or a smaller maxSurge.`;
    return [{ reason: REASON.QuotaTooSmall, sentence }];
  });
}

function shown(each: number, resource: string): string {
  return resource.endsWith('pods') ? 'one each' : `${Number(each.toPrecision(6))} each`;
}

const KINDS: readonly [RegExp, 'requests' | 'limits'][] = [
  [/^limits\.(.+)$/, 'limits'],
  [/^requests\.(.+)$/, 'requests'],
  [/^(cpu|memory|ephemeral-storage)$/, 'requests'],
];

/**
 * How much of a counted resource one pod takes: its containers together, or the largest init container; undefined: the
 * resource is not counted by pod.
 */
function perPod(pod: JsonObject, resource: string): number | undefined {
  for (const [pattern, list] of KINDS) {
    const name = pattern.exec(resource)?.[1];
    if (name !== undefined) return amount(pod, list, name);
  }
  return undefined;
}

function amount(pod: JsonObject, list: 'requests' | 'limits', name: string): number {
  // A limit without a request counts as the request too.
  const of = (container: JsonObject): number =>
    parseQuantity(getObject(container, 'resources', list)?.[name]) ??
    parseQuantity(getObject(container, 'resources', 'limits')?.[name]) ??
    0;
  const init = getObjects(pod, 'initContainers');
  const sidecars = init.filter((each) => getString(each, 'restartPolicy') === 'Always');
  const running = [...getObjects(pod, 'containers'), ...sidecars].map(of).reduce((a, b) => a + b, 0);
  const overhead = parseQuantity(getObject(pod, 'overhead')?.[name]) ?? 0;
  return Math.max(running, ...init.map(of)) + overhead;
}
