import type { Reason } from '../../api/reasons.ts';
import type { Budget } from '../../api/budget.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { ProviderName } from '../../api/kinds/policy/providers.ts';
import type { BuiltIn, LiveRoutes } from '../../providers/index.ts';
import type { Refusal, Wants } from '../../providers/provider.ts';
import type { Rewrite } from '../canary/index.ts';

/** All lists hold the whole namespace of the target. */
export interface DiscoveryInput extends LiveRoutes {
  /** the live target, with the new template */
  target: KubeObject;
  /** `spec.provider` of the policy; the annotation sluice.dev/provider wins over it */
  policyProvider: ProviderName | 'auto';
  /** of the policy */
  wants: Wants;
  /** of the target: sluice.dev/service, /route and /provider are read */
  annotations: Readonly<Record<string, string>>;
  services: readonly KubeObject[];
  deployments: readonly KubeObject[];
  /** they tell who owns a pod */
  replicaSets: readonly KubeObject[];
  pods: readonly KubeObject[];
  /** what may have to follow the canary; absent: nothing */
  attached?: readonly KubeObject[];
  /** they tell who serves an Ingress; absent: none are known */
  ingressClasses?: readonly KubeObject[];
  /** NetworkPolicies of trusted namespaces that reach into others; absent: none are known */
  elsewhere?: readonly KubeObject[];
  /** the budget of the pass; absent: unlimited */
  budget?: Budget;
}

/** What a release will move, and how its canary pods are told from stable ones. */
export interface Traffic {
  provider: BuiltIn;
  /** the live Service in front of the target; absent: the target has no Service, and the provider needs no Service */
  stableService?: KubeObject;
  /** name of the Service to be made; absent: none has to be made */
  canaryService?: string;
  /** live routes whose rules move together; [] where the provider works with an object of its own */
  routes: KubeObject[];
  rewrite: Rewrite;
}

export type Discovery = { ok: true; traffic: Traffic } | { ok: false; refusals: Refusal[] };

/** One step of discovery: a value, or why it was not found. */
export type Found<T> = { ok: true; value: T } | { ok: false; refusals: Refusal[] };

export const found = <T>(value: T): Found<T> => ({ ok: true, value });

export const refused = (reason: Reason, sentence: string): { ok: false; refusals: Refusal[] } => ({
  ok: false,
  refusals: [{ reason, sentence }],
});

export const nameOf = (object: KubeObject): string => object.metadata.name;
export const namesOf = (objects: readonly KubeObject[]): string => objects.map(nameOf).join(', ');
