import { getString } from '../../api/json.ts';
import type { JsonObject, KubeObject, Resource } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { FOLLOWED, resourceOf } from '../../controller/companions/index.ts';
import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { PROVIDERS, ROUTE_KINDS } from '../../providers/index.ts';
import type { Refusal } from '../../providers/provider.ts';

type Asking = Pick<KubeClient, 'review' | 'serves'>;

const review = (group: string, plural: string, kind: string): Resource => ({
  ...{ group, version: 'v1', plural, kind, namespaced: false },
});
const WHO = review('authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview');
const MAY = review('authorization.k8s.io', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview');

/** Whom the API server takes us for; undefined where it cannot be asked (before Kubernetes 1.28). */
export async function whoAmI(client: Asking): Promise<string | undefined> {
  try {
    return getString(await client.review(WHO), 'userInfo', 'username');
  } catch (error) {
    if (error instanceof KubeError && [403, 404].includes(error.code)) return undefined;
    throw error;
  }
}

/** What the controller does to one kind of object. */
export interface Right {
  resource: Resource;
  subresource?: 'status';
  verbs: readonly string[];
  namespace: string;
}

const READ = ['list', 'watch'] as const;
const WRITE = ['create', 'patch', 'delete'] as const;
const ALL = [...READ, ...WRITE];

/** What is read before anything can be said. */
export async function readingRights(client: Asking, namespace: string, home: string): Promise<Right[]> {
  const { deployments, replicaSets, pods, services, releases, releasePolicies, analysisTemplates } =
    RESOURCES;
  const known = [deployments, replicaSets, pods, services, releases, releasePolicies, analysisTemplates];
  const optional = [...ROUTE_KINDS.map((kind) => RESOURCES[kind]), ...FOLLOWED];
  const served = await Promise.all(optional.map((resource) => client.serves(resource)));
  const kinds = [...known, ...optional.filter((_, i) => served[i] === true)];
  return [
    ...kinds.map((resource) => ({ resource, verbs: READ, namespace })),
    ...[releasePolicies, analysisTemplates].map((resource) => ({ resource, verbs: READ, namespace: home })),
  ];
}

/** What a release writes; `attached`: what will have to follow its canary. */
export function writingRights(
  { spec }: Pick<Release, 'spec'>,
  { namespace, home, attached }: { namespace: string; home: string; attached: readonly KubeObject[] },
): Right[] {
  const { deployments, services, releases, events, leases } = RESOURCES;
  const provider = Object.values(PROVIDERS).find(({ name }) => name === spec.traffic?.provider);
  const routed = (provider?.routeResources ?? []).filter(({ kind }) =>
    spec.traffic?.routes.some((route) => route.kind === kind),
  );
  const here = (resource: Resource, verbs: readonly string[]): Right => ({ resource, verbs, namespace });
  return [
    here(deployments, WRITE),
    { ...here(deployments, ['patch']), subresource: 'status' },
    here(releases, WRITE),
    { ...here(releases, ['patch']), subresource: 'status' },
    here(events, ['create', 'patch']),
    { resource: leases, verbs: ['get', 'create', 'patch'], namespace: home },
    ...(provider?.byPods === undefined ? [here(services, WRITE)] : []),
    ...(provider?.editsUserRoutes === true ? routed.map((resource) => here(resource, ['patch'])) : []),
    ...(provider?.madeResource === undefined ? [] : [here(provider.madeResource, WRITE)]),
    ...[...new Set(attached.map(resourceOf))].flatMap((resource) =>
      resource === undefined ? [] : [here(resource, ALL)],
    ),
  ];
}

/** A refusal for each kind of which a right is missing; `user` is whose rights are asked for. */
export async function missingRights(
  client: Asking,
  rights: readonly Right[],
  user: string,
): Promise<Refusal[]> {
  const refusals = await Promise.all(rights.map((right) => missing(client, right, user)));
  return refusals.filter((each) => each !== undefined);
}

async function missing(client: Asking, right: Right, user: string): Promise<Refusal | undefined> {
  const { resource, subresource, verbs, namespace } = right;
  const { group, plural } = resource;
  const denied: string[] = [];
  for (const verb of verbs) {
    const attributes: JsonObject = {
      namespace,
      verb,
      group,
      resource: plural,
      ...(subresource && { subresource }),
    };
    const { allowed } = await client.review(MAY, { resourceAttributes: attributes });
    if (allowed !== true) denied.push(verb);
  }
  if (denied.length === 0) return undefined;
  const what = `${plural}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : ` of ${group}`}`;
  return {
    reason: REASON.Forbidden,
    sentence: `${user} may not ${denied.join(', ')} ${what} in namespace ${namespace}; grant it these verbs (docs/operations.md, Permissions).`,
  };
}
