/** Access and token reviews: in the playground every user with access may do everything. */
import type { ApiResponse, User } from '../contract.ts';
import { badRequest, Causes, invalid, methodNotAllowed } from '../errors.ts';
import { get, list, object, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { readBody } from './body.ts';
import type { Context } from './context.ts';
import { json } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { ADMIN } from './users.ts';

interface Review {
  group: string;
  plural: string;
  kind: string;
  namespaced: boolean;
  status(context: Context, spec: JsonObject, causes: Causes, user: User): Json;
}

function checkAttributes(spec: JsonObject, causes: Causes): void {
  const given = [spec['resourceAttributes'], spec['nonResourceAttributes']].filter(
    (part) => part !== undefined,
  );
  if (given.length === 1) return;
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  causes.invalid('spec.resourceAttributes', spec['resourceAttributes'], why);
}

function allowedFor(_context: Context, spec: JsonObject, causes: Causes): Json {
  checkAttributes(spec, causes);
  const groups = list(spec['groups']).map(String);
  if (text(spec['user']) === '' && groups.length === 0) {
    causes.invalid('spec.user', spec['user'] ?? '', 'at least one of user or group must be specified');
  }
  return { allowed: groups.includes('system:masters') || text(spec['user']) === ADMIN.username };
}

const AUTHZ = 'authorization.k8s.io';
const AUTHN = 'authentication.k8s.io';
const everything = { verbs: ['*'], apiGroups: ['*'], resources: ['*'] };

const REVIEWS: Review[] = [
  {
    group: AUTHZ,
    plural: 'selfsubjectaccessreviews',
    kind: 'SelfSubjectAccessReview',
    namespaced: false,
    status(_context, spec, causes) {
      checkAttributes(spec, causes);
      return { allowed: true, reason: 'the playground allows everything' };
    },
  },
  {
    group: AUTHZ,
    plural: 'selfsubjectrulesreviews',
    kind: 'SelfSubjectRulesReview',
    namespaced: false,
    status: () => ({
      resourceRules: [everything],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
      incomplete: false,
    }),
  },
  {
    group: AUTHZ,
    plural: 'subjectaccessreviews',
    kind: 'SubjectAccessReview',
    namespaced: false,
    status: allowedFor,
  },
  {
    group: AUTHZ,
    plural: 'localsubjectaccessreviews',
    kind: 'LocalSubjectAccessReview',
    namespaced: true,
    status: allowedFor,
  },
  {
    group: AUTHN,
    plural: 'selfsubjectreviews',
    kind: 'SelfSubjectReview',
    namespaced: false,
    status: (_context, _spec, _causes, { username, groups }) => ({ userInfo: { username, groups } }),
  },
  {
    group: AUTHN,
    plural: 'tokenreviews',
    kind: 'TokenReview',
    namespaced: false,
    status(context, spec) {
      const token = text(spec['token']);
      if (token === '') throw badRequest('token is required for TokenReview in authentication');
      const user = context.users.byToken(token);
      if (user) return { authenticated: true, user: { username: user.username, groups: user.groups } };
      return { user: {}, error: '[invalid bearer token, Unauthorized]' };
    },
  },
];

interface ReviewEntry {
  name: string;
  singularName: string;
  namespaced: boolean;
  kind: string;
  verbs: string[];
}

export function reviewResources(group: string): ReviewEntry[] {
  const reviews = REVIEWS.filter((review) => review.group === group);
  return reviews.map(({ plural, kind, namespaced }) => ({
    name: plural,
    singularName: kind.toLowerCase(),
    namespaced,
    kind,
    verbs: ['create'],
  }));
}

/** Answers a review; undefined if the path does not name one. */
export function review(context: Context, exchange: Exchange): ApiResponse | undefined {
  const [root, group, version, ...rest] = exchange.path;
  const plural = rest[0] === 'namespaces' ? rest[2] : rest[0];
  const found = REVIEWS.find((candidate) => candidate.group === group && candidate.plural === plural);
  if (root !== 'apis' || version !== 'v1' || !found) return undefined;
  if (exchange.method !== 'POST') throw methodNotAllowed();
  const source = readBody(exchange, found.kind);
  const causes = new Causes();
  const status = found.status(context, object(source['spec']), causes, exchange.user);
  if (causes.all.length > 0)
    throw invalid({ ...found, kind: '' }, text(get(source, 'metadata', 'name')), causes.all);
  const meta =
    found.plural === 'selfsubjectreviews'
      ? { creationTimestamp: new Date(context.clock.now()).toISOString().replace(/\.\d+/, '') }
      : object(source['metadata']);
  return json(201, {
    kind: found.kind,
    apiVersion: `${found.group}/v1`,
    metadata: meta,
    spec: source['spec'],
    status,
  });
}
