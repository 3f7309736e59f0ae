import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import { cookiesOf, overrulesCookies } from './filters.ts';
import { GRPC_ROUTES, kindOf, label } from './kinds.ts';
import { contradicts, guardedName, sameHeader } from './matches.ts';
import { overtaken } from './precedence.ts';
import { ownRules, ownWhileMatching, scopeOf, type Scoped } from '../shared/in-place.ts';
import type { Refusal, TrafficContext } from '../provider.ts';

/** Limits of the kinds, v1. */
const MAX_RULES = 16;
const MAX_ALL_MATCHES = 128;
const MAX_FILTERS = 16;
const MAX_HEADERS = 16;

/** What the policy wants and a route in scope cannot say, or has no room for. */
export function refuseWants(context: TrafficContext): Refusal[] {
  const { routes, wants } = context;
  const scope = routes.flatMap((route) => scopeOf(kindOf(route), { ...context, routes: [route] }));
  return [
    ...routes.flatMap((route) => refuseCookies(context, route)),
    ...(wants.mirror === undefined ? [] : scope.flatMap(refuseMirror)),
    ...(wants.sticky === undefined ? [] : scope.flatMap((each) => refuseSticky(each))),
    ...(wants.match === undefined && wants.sticky === undefined
      ? []
      : routes.flatMap((route) =>
          refuseMatches(
            context,
            route,
            scope.filter((each) => each.route === route),
          ),
        )),
  ];
}

const unsupported = (sentence: string): Refusal => ({ reason: REASON.StrategyUnsupported, sentence });

function refuseCookies({ wants: { match, sticky } }: TrafficContext, route: KubeObject): Refusal[] {
  if (kindOf(route) !== GRPC_ROUTES) return [];
  const name = `GRPCRoute ${route.metadata.name}`;
  const out: Refusal[] = [];
  if ((match?.cookies ?? []).length > 0) {
    out.push(
      unsupported(
        `spec.match.cookies: clients of ${name} keep no cookies; match them by headers, or exclude the route by listing the others in the annotation sluice.dev/route.`,
      ),
    );
  }
  if (sticky !== undefined) {
    out.push(
      unsupported(
        `spec.stickiness: clients of ${name} keep no cookies; remove it from the policy, or exclude the route by listing the others in the annotation sluice.dev/route.`,
      ),
    );
  }
  return out;
}

function refuseMirror({ route, rule }: Scoped): Refusal[] {
  if (getObjects(rule.rule, 'filters').length < MAX_FILTERS) return [];
  return [
    unsupported(
      `spec.mirror: ${label(route, rule)} has ${MAX_FILTERS} filters, the maximum, and copies need one more; remove a filter, or spec.mirror from the policy.`,
    ),
  ];
}

function refuseSticky({ route, rule }: Scoped): Refusal[] {
  const name = label(route, rule);
  const full = (ref: JsonObject) => getObjects(ref, 'filters').length >= MAX_FILTERS;
  if (rule.stable.some((ref) => cookiesOf(ref).length > 0)) {
    return [
      unsupported(
        `spec.stickiness: a backendRef of ${name} sets Set-Cookie itself, and a filter can set it only once; remove that header, or spec.stickiness from the policy.`,
      ),
    ];
  }
  if (overrulesCookies(rule.rule)) {
    return [
      unsupported(
        `spec.stickiness: a filter of ${name} sets or removes Set-Cookie, which would change the canary's cookie too; remove that header from it, or spec.stickiness from the policy.`,
      ),
    ];
  }
  return rule.stable.some(full)
    ? [
        unsupported(
          `spec.stickiness: a backendRef of ${name} has ${MAX_FILTERS} filters, the maximum, and the cookie needs one more; remove one, or spec.stickiness from the policy.`,
        ),
      ]
    : [];
}

function refuseMatches(context: TrafficContext, route: KubeObject, scope: readonly Scoped[]): Refusal[] {
  const field = context.wants.match === undefined ? 'spec.stickiness' : 'spec.match';
  const named = refuseNamed(context, scope, field);
  if (named.length > 0) return named;
  return matchProblems(context, route, scope).map((sentence) => unsupported(`${field}: ${sentence}`));
}

/**
 * A copy has another name, so a policy that protects the rule would not apply to users who send the header.
 */
function refuseNamed({ wants, target }: TrafficContext, scope: readonly Scoped[], field: string): Refusal[] {
  return scope.flatMap(({ route, rule }) => {
    const name = guardedName(rule.rule, wants);
    if (name === undefined) return [];
    const sentence = `${field}: ${label(route, rule)} has a name, and a policy that refers to it by sectionName would not apply to the copy of the rule that carries requests that match; remove the name from the rule or, if no policy refers to it, add ${name} to the annotation ${ANNOTATION.copyRules} of Deployment ${target}.`;
    return [{ reason: REASON.RuleNamed, sentence }];
  });
}

function matchProblems(context: TrafficContext, route: KubeObject, scope: readonly Scoped[]): string[] {
  const kind = kindOf(route);
  const entries = kind.beside?.entries(context) ?? [];
  if (entries.length === 0) return [];
  const unclear = scope.flatMap(({ rule }) =>
    getObjects(rule.rule, 'matches').flatMap((match) => headerProblems(label(route, rule), match, entries)),
  );
  if (unclear.length > 0) return unclear;
  const own = ownWhileMatching(kind, context, route).map(({ rule }) => rule);
  const standing = ownRules(kind, context, route).map(({ rule }) => rule);
  const users = getObjects(route, 'spec', 'rules').filter((rule) => !standing.includes(rule));
  return [...roomProblems(route, users, own), ...overtaken(context, route)];
}

/** A match can ask for a header only once. */
function headerProblems(name: string, match: JsonObject, entries: readonly JsonObject[]): string[] {
  const asked = getObjects(match, 'headers');
  const clash = asked.find((header) =>
    entries.some((entry) => sameHeader(header, entry) && !contradicts(header, entry)),
  );
  if (clash !== undefined) {
    return [
      `${name} already has a condition on the header ${getString(clash, 'name') ?? ''}, and a match can have only one for each header; use another header in the policy, or remove it from the rule.`,
    ];
  }
  if (asked.length < MAX_HEADERS) return [];
  return [`a match of ${name} has ${MAX_HEADERS} headers, the maximum, and needs one more; use fewer.`];
}

function roomProblems(route: KubeObject, users: readonly JsonObject[], own: readonly JsonObject[]): string[] {
  const name = `${route.kind} ${route.metadata.name}`;
  const remedy = 'use fewer headers and cookies in the policy, or split the route in two';
  if (users.length + own.length > MAX_RULES) {
    return [
      `${name} has ${users.length} rules and requests that match need ${own.length} more, but ${MAX_RULES} is the limit; ${remedy}.`,
    ];
  }
  const count = (rules: readonly JsonObject[]) =>
    rules.reduce((sum, rule) => sum + getObjects(rule, 'matches').length, 0);
  const theirs = count(users);
  if (theirs + count(own) > MAX_ALL_MATCHES) {
    return [
      `${name} has ${theirs} matches and requests that match need ${count(own)} more, but ${MAX_ALL_MATCHES} is the limit; ${remedy}.`,
    ];
  }
  return own.length > 0
    ? []
    : [
        `no request that ${name} sends to the Service can match, because its rules require other values of the same headers; use other headers in the policy.`,
      ];
}
