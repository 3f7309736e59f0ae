import type { Reason } from '../../api/reasons.ts';
import { getObject, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import { RESOURCES } from '../../api/resources.ts';
import { cookiePattern } from '../shared/cookies.ts';
import { hostOf } from './hosts.ts';
import { conditionsOf, excludes, narrowed, SET_COOKIE, unclear, type Condition } from './matches.ts';
import type { Refusal, TrafficContext } from '../provider.ts';
import { SHAPE } from './routes.ts';
import { percentOf, type LiveRule } from '../shared/weighted-rules.ts';

/** One route in scope, and its name in a sentence. */
interface Named {
  name: string;
  object: KubeObject;
  rule: LiveRule;
}

const refusal = (reason: Reason, sentence: string): Refusal => ({ reason, sentence });
const unsupported = (sentence: string): Refusal => refusal(REASON.StrategyUnsupported, sentence);

/** Istio's API says that it ignores headers with these names: every request would match. */
const NO_HEADERS: readonly string[] = ['uri', 'scheme', 'method', 'authority'];

/** The longest expression that istiod accepts. */
const MAX_REGEX = 1024;

/** What no route of Istio can do. */
export function refuseMatch({ wants }: TrafficContext): Refusal[] {
  const ignored = (wants.match?.headers ?? [])
    .filter(({ name }) => NO_HEADERS.includes(name.toLowerCase()))
    .map(({ name }) =>
      unsupported(
        `spec.match.headers of the policy: Istio ignores a condition on a header called ${name}, so every request would match; use another header.`,
      ),
    );
  const long = (wants.match?.cookies ?? []).filter(
    (cookie) => cookiePattern(cookie.name, cookie.value).length > MAX_REGEX,
  );
  return [
    ...ignored,
    ...long.map(({ name }) =>
      unsupported(
        `spec.match.cookies of the policy: cookie ${name.slice(0, 40)} becomes an expression of more than ${MAX_REGEX} characters, which istiod refuses; use a shorter name or value.`,
      ),
    ),
  ];
}

/** Why the weights cannot be set on one of the user's routes. */
export function refuseRoute(context: TrafficContext, { name, rule }: Named): Refusal[] {
  const stable = context.stableService.metadata.name;
  const out: Refusal[] = [];
  const others = [...new Set(rule.foreign.map(hostOf))];
  if (others.length > 0) {
    const sentence = `${name} sends to ${others.join(', ')} as well as to Service ${stable}, so Sluice cannot know from whose share the canary takes requests; leave only ${stable} in it, or list the VirtualServices to split in the annotation sluice.dev/route.`;
    out.push({ reason: REASON.ForeignDestination, sentence });
  }
  if (rule.edited && context.originals === undefined) {
    const sentence = `${name} already sends to Service ${context.canaryService}, which Sluice adds itself during a release; remove it from route and mirrors.`;
    out.push({ reason: REASON.RouteUnsupported, sentence });
  }
  if (percentOf(SHAPE, rule) === undefined) {
    const sentence = `${name} has several destinations and no weight above 0, so it serves no requests to split; give ${stable} a weight.`;
    out.push({ reason: REASON.RouteUnsupported, sentence });
  }
  return out;
}

/** Why what the policy wants besides weights cannot be done on one of the user's routes. */
export function refuseWants(context: TrafficContext, route: Named): Refusal[] {
  if (route.rule.list !== 'http') return refuseConnections(context, route);
  return [
    ...refuseMirror(context, route),
    ...refuseConditions(context, route),
    ...refuseRoots(context, route),
    ...refuseCookie(context, route),
  ];
}

/** `tls` and `tcp` routes split connections and do not see the requests in them. */
function refuseConnections({ wants }: TrafficContext, { name, rule }: Named): Refusal[] {
  const fields = [
    ...(wants.match === undefined ? [] : ['spec.match']),
    ...(wants.mirror === undefined ? [] : ['spec.mirror']),
    ...(wants.sticky === undefined ? [] : ['spec.stickiness']),
  ];
  return fields.map((field) =>
    unsupported(
      `${field} of the policy: ${name} splits ${rule.list === 'tls' ? 'TLS' : 'TCP'} connections, in which Istio sees no single requests; leave ${field} out, or make it an http route.`,
    ),
  );
}

/** Istio refuses a route that has both `mirror` and `mirrors`; only the latter has room for more than one. */
function refuseMirror(context: TrafficContext, { name, object, rule: { rule } }: Named): Refusal[] {
  if (context.wants.mirror === undefined) return [];
  if (getObject(rule, 'mirror') !== undefined) {
    return [
      unsupported(
        `spec.mirror of the policy: ${name} has the field mirror, and with it Istio allows no second copy; write it as an entry of mirrors (destination and percentage), or leave spec.mirror out.`,
      ),
    ];
  }
  // An empty list counts as absent: then the root's list also applies.
  if (getObjects(rule, 'mirrors').length > 0) return [];
  return rootsOf(context, object)
    .filter((root) => getObjects(root.rule, 'mirrors').length > 0)
    .map((root) =>
      unsupported(
        `spec.mirror of the policy: ${name} inherits the mirrors of ${root.name} and would lose them with one of its own; write them into ${name}, or leave spec.mirror out.`,
      ),
    );
}

/** Istio takes only one condition for each header. */
function refuseConditions(context: TrafficContext, { name, rule: { rule } }: Named): Refusal[] {
  const conditions = conditionsOf(context);
  const entries = getObjects(rule, 'match');
  const fields = fieldsOf(context);
  const remedy = `choose by another header, or leave ${fields} out`;
  const headers = [...new Set(unclear(entries, conditions).map(({ header }) => header))];
  if (headers.length === 0 && conditions.length > 0 && narrowed(entries, conditions).length === 0) {
    return [
      unsupported(
        `${fields} of the policy: match of ${name} requires other values of the same headers, or excludes them, so no request could meet both; ${remedy}.`,
      ),
    ];
  }
  return headers.map((header) =>
    unsupported(
      `${fields} of the policy: match of ${name} already has a condition on the header ${header}, and Istio takes one per header; ${remedy}.`,
    ),
  );
}

const fieldsOf = ({ wants }: TrafficContext): string =>
  [
    ...(wants.match === undefined ? [] : ['spec.match']),
    ...(wants.sticky === undefined ? [] : ['spec.stickiness']),
  ].join(' and ');

/**
 * Istio ignores a delegate's route unless its conditions are narrower than the root's, and it can compare
 * conditions only in a few ways.
 */
function refuseRoots(context: TrafficContext, { name, object, rule: { rule } }: Named): Refusal[] {
  const conditions = conditionsOf(context);
  const entries = getObjects(rule, 'match');
  if (narrowed(entries, conditions).length === 0) return [];
  return rootsOf(context, object)
    .filter((root) =>
      getObjects(root.rule, 'match').some(
        (above) =>
          clashes(above, conditions) ||
          conditions.some((condition) => excludes(above, condition)) ||
          (entries.length === 0 && !isPlain(above)),
      ),
    )
    .map((root) =>
      unsupported(
        `${fieldsOf(context)} of the policy: ${name} is called from ${root.name}, and Istio could not combine the conditions with the match there; choose by a header that match does not name, or leave ${fieldsOf(context)} out.`,
      ),
    );
}

/** A condition on the same header with a different value. */
const clashes = (above: JsonObject, conditions: readonly Condition[]): boolean =>
  Object.entries(getObject(above, 'headers') ?? {}).some(([name, asked]) =>
    conditions.some(({ header, is }) => {
      const exact = getString(is, 'exact');
      return name.toLowerCase() === header && (exact === undefined || getString(asked, 'exact') !== exact);
    }),
  );

/**
 * These two have to be the same in root and delegate. They are, as long as a delegate's route has no match.
 */
const isPlain = (above: JsonObject): boolean =>
  above['ignoreUriCase'] !== true && (getString(above, 'sourceNamespace') ?? '') === '';

interface Root {
  rule: JsonObject;
  name: string;
}

/** The routes of the namespace's VirtualServices that delegate to this one. */
function rootsOf({ others = [], namespace }: TrafficContext, { metadata }: KubeObject): Root[] {
  return others
    .filter(({ kind }) => kind === RESOURCES.virtualServices.kind)
    .flatMap((object) =>
      getObjects(object, 'spec', 'http')
        .filter(
          (rule) =>
            getString(rule, 'delegate', 'name') === metadata.name &&
            (getString(rule, 'delegate', 'namespace') || namespace) === namespace,
        )
        .map((rule) => ({ rule, name: `VirtualService ${object.metadata.name}` })),
    );
}

/** The cookie would be lost, or would replace the user's: a header name has only one value. */
function refuseCookie({ wants }: TrafficContext, { name, rule: { rule, stable } }: Named): Refusal[] {
  if (wants.sticky === undefined) return [];
  const blocked = [
    ...['set', 'remove'].filter((how) => naming(getObject(rule, 'headers', 'response'), how)).map(() => name),
    ...stable
      .filter((destination) =>
        ['set', 'add'].some((how) => naming(getObject(destination, 'headers', 'response'), how)),
      )
      .map((destination) => `the destination ${hostOf(destination)} of ${name}`),
  ];
  return [...new Set(blocked)].map((what) =>
    unsupported(
      `spec.stickiness of the policy: headers.response of ${what} changes ${SET_COOKIE} already; have the application set that cookie itself, or leave spec.stickiness out.`,
    ),
  );
}

function naming(response: JsonObject | undefined, how: string): boolean {
  const value = response?.[how];
  const names = Array.isArray(value) ? value : Object.keys(getObject(value) ?? {});
  return names.some((each) => typeof each === 'string' && each.toLowerCase() === SET_COOKIE.toLowerCase());
}
