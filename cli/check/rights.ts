import { getString } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { resourceOf } from '../../release/companions/index.ts';
import { CONSIDERED } from '../../release/preflight/index.ts';
import {
  mayBeAbsent,
  READ,
  RIGHTS,
  SHARED,
  WATCHED,
  WRITE,
  type Right,
  type Verb,
} from '../../release/rights.ts';
import type { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { PROVIDERS } from '../../providers/index.ts';
import type { Refusal } from '../../providers/provider.ts';

type Asking = Pick<KubeClient, 'review' | 'serves'>;

const review = (group: string, plural: string, kind: string): Resource => ({
  ...{ group, version: 'v1', plural, kind, namespaced: false },
});
const WHO = review('authentication.k8s.io', 'selfsubjectreviews', 'SelfSubjectReview');
const MAY = review('authorization.k8s.io', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview');

/** The user that the API server takes us for; undefined where it cannot be asked (before Kubernetes 1.28). */
export async function whoAmI(client: Asking): Promise<string | undefined> {
  try {
    return getString(await client.review(WHO), 'userInfo', 'username');
  } catch (error) {
    if (error instanceof KubeError && [403, 404].includes(error.code)) return undefined;
    throw error;
  }
}

/** A right, and where it is needed. */
export interface Needed extends Right {
  /** the only object it is needed for */
  name?: string;
  namespace: string;
}

/** The rights to read what every check needs. */
export async function readingRights(client: Asking, namespace: string, home: string): Promise<Needed[]> {
  const served = await Promise.all(
    READABLE.map(async (resource) => !mayBeAbsent(resource) || (await client.serves(resource))),
  );
  const kinds = READABLE.filter((_, i) => served[i]);
  return [
    ...kinds.map((resource) => ({ resource, verbs: READ, namespace })),
    ...SHARED.map((resource) => ({ resource, verbs: READ, namespace: home })),
  ];
}

/** A release begins even without the right to read these. */
const READABLE = WATCHED.filter((resource) => !CONSIDERED.includes(resource));

/** The rights to write what a release writes; `attached`: the companions of its canary. */
export function writingRights(
  { spec }: Pick<Release, 'spec'>,
  { namespace, home, attached }: { namespace: string; home: string; attached: readonly KubeObject[] },
): Needed[] {
  const provider = Object.values(PROVIDERS).find(({ name }) => name === spec.traffic?.provider);
  const routed = (provider?.routeResources ?? []).filter(({ kind }) =>
    spec.traffic?.routes.some((route) => route.kind === kind),
  );
  const { deployments, releases, events, services } = RESOURCES;
  const written: (Resource | undefined)[] = [
    ...[deployments, releases, events],
    provider?.steering.ownService === false ? undefined : services,
    ...(provider?.editsUserRoutes === true ? routed : []),
    provider?.madeResource,
    ...attached.map(resourceOf),
  ];
  const here = RIGHTS.filter(({ where, resource }) => where !== 'home' && written.includes(resource));
  const there = RIGHTS.filter(({ where }) => where === 'home');
  return [
    ...here.map((right) => ({ ...right, verbs: right.verbs.filter(isWriting), namespace })),
    ...there.map((right) => ({ ...right, namespace: home })),
  ].filter(({ verbs }) => verbs.length > 0);
}

const isWriting = (verb: Verb): boolean => WRITE.some((each) => each === verb);

/** A refusal for each kind for which a right is missing; `user` is the user whose rights are checked. */
export async function missingRights(
  client: Asking,
  rights: readonly Needed[],
  user: string,
): Promise<Refusal[]> {
  const refusals = await Promise.all(rights.map((right) => missing(client, right, user)));
  return refusals.filter((each) => each !== undefined);
}

/** A right in question: of the whole cluster, unless it names a namespace. */
export interface Asked {
  resource: Pick<Resource, 'group' | 'plural'>;
  subresource?: string;
  verbs: readonly string[];
  name?: string;
  namespace?: string;
}

/** Which of these verbs the client's own user may not use. */
export async function deniedVerbs(
  client: Pick<KubeClient, 'review'>,
  { resource, subresource, verbs, name, namespace }: Asked,
): Promise<string[]> {
  const denied: string[] = [];
  for (const verb of verbs) {
    const attributes: JsonObject = {
      ...(namespace && { namespace }),
      verb,
      group: resource.group,
      resource: resource.plural,
      ...(subresource && { subresource }),
      ...(name && { name }),
    };
    const { allowed } = await client.review(MAY, { resourceAttributes: attributes });
    if (allowed !== true) denied.push(verb);
  }
  return denied;
}

/** "releases/status of sluice.dev" */
export const kindAsked = ({ resource: { group, plural }, subresource }: Asked): string =>
  `${plural}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : ` of ${group}`}`;

async function missing(client: Asking, right: Needed, user: string): Promise<Refusal | undefined> {
  const denied = await deniedVerbs(client, right);
  if (denied.length === 0) return undefined;
  return {
    reason: REASON.Forbidden,
    sentence: `${user} may not ${denied.join(', ')} ${kindAsked(right)} in namespace ${right.namespace}; grant it these verbs (docs/operations.md, Permissions).`,
  };
}
