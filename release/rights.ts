import type { Resource } from '../api/kube.ts';
import { HOME } from '../api/names.ts';
import { RESOURCES } from '../api/resources.ts';
import { PROVIDERS, readBy, ROUTE_RESOURCES } from '../providers/index.ts';
import { FOLLOWED, isCopied } from './companions/index.ts';
import { CONSIDERED } from './preflight/index.ts';

export type Verb = 'get' | 'list' | 'watch' | 'create' | 'patch' | 'delete';

/** What the controller may do to one kind of object. */
export interface Right {
  resource: Resource;
  subresource?: 'status';
  verbs: readonly Verb[];
}

/** A right, and the object and place it is limited to. */
export interface Grant extends Right {
  /** the only object for which it is needed; the right to create cannot be limited to a name */
  name?: string;
  /** home: only in the controller's namespace; attached: only where such an object selects a target */
  where: 'targets' | 'home' | 'attached';
  /** half a sentence */
  purpose: string;
}

export const READ = ['list', 'watch'] as const satisfies readonly Verb[];
export const WRITE = ['create', 'patch', 'delete'] as const satisfies readonly Verb[];

/** Policies and templates, which are read in the controller's namespace too. */
export const SHARED: readonly Resource[] = [RESOURCES.releasePolicies, RESOURCES.analysisTemplates];

/** Kinds that every target needs; every cluster with Sluice has them. */
const OWN: readonly Resource[] = [
  RESOURCES.deployments,
  RESOURCES.replicaSets,
  RESOURCES.pods,
  RESOURCES.services,
  RESOURCES.releases,
  ...SHARED,
];

/** Every kind that is watched in namespaces with targets. */
export const WATCHED: readonly Resource[] = [
  ...new Set([...OWN, ...ROUTE_RESOURCES, ...CONSIDERED, ...FOLLOWED]),
];

/**
 * May a cluster lack this kind? Without Gateway API or a mesh it has no routes of that kind. Without Sluice's own kinds
 * nothing may be decided.
 */
export function mayBeAbsent(resource: Resource): boolean {
  if (FOLLOWED.includes(resource) || CONSIDERED.includes(resource)) return true;
  return resource !== RESOURCES.ingresses && ROUTE_RESOURCES.includes(resource);
}

const COPIED = 'may have to follow the canary';

/** A user who may write these in the root namespace of a mesh decides what every proxy runs. */
const RUNS_IN_PROXIES: readonly Resource[] = [RESOURCES.envoyFilters, RESOURCES.wasmPlugins];

const ADMISSION = [
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
].map((plural): Resource => {
  return { group: 'admissionregistration.k8s.io', version: 'v1', plural, kind: plural, namespaced: false };
});

const here = (resource: Resource, verbs: readonly Verb[], purpose: string): Grant => {
  return { resource, verbs, where: 'targets', purpose };
};
const status = (grant: Grant): Grant => ({ ...grant, subresource: 'status' });

/** Every right of the controller: docs/operations.md and manifests/rbac are made from it (scripts/lib/rights.ts). */
export const RIGHTS: readonly Grant[] = [
  here(RESOURCES.deployments, [...READ, ...WRITE], 'targets and their canaries'),
  status(here(RESOURCES.deployments, ['patch'], 'what kubectl rollout status says')),
  here(RESOURCES.replicaSets, READ, 'which pods are of which version'),
  here(RESOURCES.pods, READ, 'which are ready, since when, and what stops them'),
  here(RESOURCES.services, [...READ, 'create', 'delete'], 'the Service of the canary'),
  here(RESOURCES.events, ['create', 'patch'], 'what happened'),
  here(RESOURCES.releases, [...READ, ...WRITE], 'the record of each release'),
  status(here(RESOURCES.releases, ['patch'], 'its state')),
  ...SHARED.map((resource) => here(resource, READ, "also in the controller's namespace")),
  ...ROUTE_RESOURCES.map((resource) =>
    here(resource, [...READ, ...routeWrites(resource)], providersOf(resource)),
  ),
  here(
    RESOURCES.ingressClasses,
    READ,
    'which controller serves an Ingress; without this right the name of the class decides',
  ),
  ...CONSIDERED.map((resource) => here(resource, READ, 'what would stop a canary')),
  ...FOLLOWED.flatMap((resource) => followed(resource)),
  ...ADMISSION.map((resource) => here(resource, ['get'], 'whether changes are held, and by what')),
  ...atHome(),
];

/** A back end edits the users' routes, or makes and removes objects of its own. */
function routeWrites(resource: Resource): readonly Verb[] {
  const providers = Object.values(PROVIDERS);
  if (providers.some(({ madeResource }) => madeResource === resource)) return WRITE;
  const edited = providers.some((each) => each.editsUserRoutes && each.routeResources.includes(resource));
  return edited ? ['patch'] : [];
}

function providersOf(resource: Resource): string {
  const names = Object.values(PROVIDERS)
    .filter((provider) => readBy(provider).includes(resource))
    .map(({ name }) => `\`${name}\``);
  return `provider ${names.join(', ')}`;
}

function followed(resource: Resource): Grant[] {
  if (!isCopied(resource)) return [here(resource, READ, 'must not cut the canary off; it is not copied')];
  if (!RUNS_IN_PROXIES.includes(resource)) return [here(resource, [...READ, ...WRITE], COPIED)];
  const write: Grant = {
    resource,
    verbs: WRITE,
    where: 'attached',
    purpose: 'only where one selects a target',
  };
  return [here(resource, READ, COPIED), write];
}

function atHome(): Grant[] {
  const seal = { resource: RESOURCES.secrets, where: 'home', purpose: 'the key of the seals' } as const;
  const lease = {
    resource: RESOURCES.leases,
    where: 'home',
    purpose: 'which controller is running',
  } as const;
  return [
    { ...lease, verbs: ['get', 'patch'], name: HOME.lease },
    { ...lease, verbs: ['create'] },
    { ...seal, verbs: ['get'], name: HOME.seal },
    { ...seal, verbs: ['create'] },
  ];
}
