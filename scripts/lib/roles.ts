import { RESOURCES } from '../../api/resources.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { Kinds } from '../../providers/provider.ts';
import { FOLLOWED } from '../../release/companions/index.ts';
import { READ, RIGHTS, SHARED, WRITE, type Grant, type Verb } from '../../release/rights.ts';

/** The rights of the controller, split into roles by the places where each has to be bound. */
export interface Cut {
  name: string;
  /** half a sentence */
  what: string;
  /**
   * everywhere: always by a ClusterRoleBinding; targets: that, or a RoleBinding in each namespace with
   * targets
   */
  bound: 'everywhere' | 'targets' | 'by hand' | 'home';
  grants: readonly Grant[];
}

/** Label that says how a role has to be bound. */
export const BOUND = 'sluice.dev/bound';

/**
 * Resources that find the targets in namespaces where nothing else can be read yet, and those without a
 * namespace.
 */
const FOUND_BY = new Set([RESOURCES.deployments, RESOURCES.releases, RESOURCES.networkPolicies]);

/** Kinds that may have to follow a canary, by API group: each site has some of these. */
const FOLLOWERS: Readonly<Record<string, readonly string[]>> = {
  core: ['networking.k8s.io', 'policy'],
  gateway: ['gateway.networking.k8s.io', 'gateway.networking.x-k8s.io'],
  gke: ['networking.gke.io'],
  istio: ['networking.istio.io', 'security.istio.io', 'telemetry.istio.io', 'extensions.istio.io'],
  prometheus: ['monitoring.coreos.com'],
};

const TARGETS = RIGHTS.filter(({ where }) => where === 'targets');
const isFollower = ({ resource }: Grant): boolean => FOLLOWED.includes(resource);
const foundBy = (grant: Grant): boolean => FOUND_BY.has(grant.resource) || !grant.resource.namespaced;

/** Only these verbs of the grants. */
const only = (verbs: readonly Verb[], grants: readonly Grant[]): Grant[] =>
  grants
    .map((grant) => ({ ...grant, verbs: grant.verbs.filter((verb) => verbs.includes(verb)) }))
    .filter((grant) => grant.verbs.length > 0);

const writtenBy = Object.values(PROVIDERS).map((provider) => ({
  name: provider.name,
  writes: writesOf(provider),
}));
const isProviders = ({ resource }: Grant): boolean =>
  writtenBy.some(({ writes }) => writes.some((each) => each.resource === resource));

/** What a back end writes, as it declares. */
function writesOf({ madeResource, editsUserRoutes, routeResources }: Kinds): Grant[] {
  return only(WRITE, TARGETS).flatMap((grant) => {
    if (isFollower(grant)) return [];
    if (grant.resource === madeResource) return [grant];
    return editsUserRoutes && routeResources.includes(grant.resource) ? only(['patch'], [grant]) : [];
  });
}

/** @throws Error for a kind whose group is in no role */
function followersOf(groups: readonly string[]): Grant[] {
  const known = Object.values(FOLLOWERS).flat();
  const writes = only(WRITE, TARGETS).filter(isFollower);
  for (const { resource } of writes)
    if (!known.includes(resource.group))
      throw new Error(`no role of followers has ${resource.group}: name it in scripts/lib/roles.ts`);
  return writes.filter(({ resource }) => groups.includes(resource.group));
}

export const CUTS: readonly Cut[] = [
  {
    name: 'sluice-discovery',
    what: 'finds the targets of all namespaces, and reads what lies in none',
    bound: 'everywhere',
    grants: only(['get', ...READ], TARGETS.filter(foundBy)),
  },
  {
    name: 'sluice-read',
    what: 'reads what decisions about a target need',
    bound: 'targets',
    grants: only(
      READ,
      TARGETS.filter(({ resource }) => resource.namespaced),
    ),
  },
  {
    name: 'sluice-target',
    what: 'delivers a target: its canary, its Releases, its status',
    bound: 'targets',
    grants: only(WRITE, TARGETS).filter((grant) => !isFollower(grant) && !isProviders(grant)),
  },
  ...writtenBy
    .filter(({ writes }) => writes.length > 0)
    .map(({ name, writes }): Cut => {
      const what = `splits traffic by provider \`${name}\``;
      return { name: `sluice-provider-${name}`, what, bound: 'targets', grants: writes };
    }),
  ...Object.entries(FOLLOWERS).map(([name, groups]): Cut => {
    const what = `lets objects of ${groups.join(', ')} follow a canary`;
    return { name: `sluice-followers-${name}`, what, bound: 'targets', grants: followersOf(groups) };
  }),
  {
    name: 'sluice-proxies',
    what: "lets objects follow that are code in a mesh's proxies; never for all namespaces",
    bound: 'by hand',
    grants: RIGHTS.filter(({ where }) => where === 'attached'),
  },
  {
    name: 'sluice',
    what: 'the Lease, the key of the seals, shared policies and templates',
    bound: 'home',
    grants: [
      ...RIGHTS.filter(({ where }) => where === 'home'),
      ...only(
        READ,
        TARGETS.filter(({ resource }) => SHARED.includes(resource)),
      ),
    ],
  },
];

/** The ClusterRoles that are bound for targets: in all namespaces, or in each that may opt in. */
export const FOR_TARGETS: readonly string[] = CUTS.filter(({ bound }) => bound === 'targets').map(
  ({ name }) => name,
);

export interface People {
  name: string;
  what: string;
  /** built-in roles that get it as well */
  joins: readonly ('view' | 'edit' | 'admin')[];
  rules: readonly { resources: readonly string[]; verbs: readonly string[] }[];
}

/** Roles for people, which join the built-in ones. */
export const PEOPLE: readonly People[] = [
  {
    name: 'sluice-view',
    what: 'sees releases, policies and templates',
    joins: ['view', 'edit', 'admin'],
    rules: [{ resources: ['releases', 'releasepolicies', 'analysistemplates'], verbs: ['get', ...READ] }],
  },
  {
    name: 'sluice-operator',
    what: 'gives orders: `sluice promote`, `abort`, `retry` and the like',
    joins: ['edit', 'admin'],
    rules: [{ resources: ['releases'], verbs: ['get', ...READ, 'patch'] }],
  },
  {
    name: 'sluice-author',
    what: 'writes policies and templates',
    joins: ['admin'],
    rules: [
      {
        resources: ['releasepolicies', 'analysistemplates'],
        verbs: ['get', ...READ, 'create', 'update', 'patch', 'delete'],
      },
    ],
  },
];
