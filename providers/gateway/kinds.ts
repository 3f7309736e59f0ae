import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import { stickyCookie } from '../shared/cookies.ts';
import {
  cookiesOf,
  isMarked,
  mirrorOf,
  refersTo,
  withCookie,
  withMark,
  withMirror,
  withoutMirror,
  withoutOurs,
} from './filters.ts';
import { implementationsOf } from './implementation.ts';
import { cookieHeadersOf, headersOf, isOwnRule, ownRules } from './matches.ts';
import type { Beside, InPlace, Told } from '../shared/in-place.ts';
import type { TrafficContext } from '../provider.ts';
import type { LiveRule, Shape } from '../shared/weighted-rules.ts';

const SHAPE: Shape = {
  lists: ['rules'],
  destinations: 'backendRefs',
  unset: 1,
  allZero: 'nobody',
  refersTo,
  asCanary: (ref, { canary }) => ({ ...ref, name: canary }),
  asStable: (ref, { stable }) => ({ ...withoutOurs(ref), name: stable }),
  undressed: withoutMirror,
};

export const nameOf = (ref: JsonObject): string =>
  `${getString(ref, 'kind') ?? 'Service'} ${getString(ref, 'name') ?? ''}`;

/** The name of a rule in a sentence. */
export function label(route: KubeObject, { index, rule }: Pick<LiveRule, 'index' | 'rule'>): string {
  const name = getString(rule, 'name');
  return `rule ${name === undefined ? index + 1 : `"${name}"`} of ${route.kind} ${route.metadata.name}`;
}

const cookieOf = ({ wants: { sticky }, release }: TrafficContext): string | undefined =>
  sticky === undefined ? undefined : stickyCookie(sticky, release);

function dressCanary(ref: JsonObject, told: Told): JsonObject {
  const cookie = told.split.matching ? cookieOf(told.context) : undefined;
  const dressed = cookie === undefined ? ref : withCookie(ref, cookie);
  return needsMark(told) ? withMark(dressed) : dressed;
}

/**
 * A marked backendRef stays marked: a status may be missing for a while, and the series of metrics should not
 * change their names.
 */
function needsMark({ route, pair }: Told): boolean {
  const refs = getObjects(route, 'spec', 'rules').flatMap((rule) => getObjects(rule, 'backendRefs'));
  return (
    implementationsOf(route).includes('envoy-gateway') ||
    refs.some((ref) => refersTo(ref, pair.canary, pair.namespace) && isMarked(ref))
  );
}

/** `everything`: the match that a server fills in for a rule without any. */
function beside(entries: Beside['entries'], everything: JsonObject): Beside {
  return {
    entries,
    isOwn: isOwnRule,
    dress: (rule, { pair, split }) => withMirror(rule, pair, split.mirror),
    dressCanary,
    own: (rules, told) => ownRules(rules, told, entries(told.context), everything),
    mirrorOf,
    isDressed: (ref, context) => {
      const cookie = cookieOf(context);
      return cookie === undefined || cookiesOf(ref).includes(cookie);
    },
  };
}

const ROUTES = { shape: SHAPE, plural: 'rules', label, nameOf };

export const HTTP_ROUTES: InPlace = {
  ...ROUTES,
  resource: RESOURCES.httpRoutes,
  beside: beside((context) => [...headersOf(context), ...cookieHeadersOf(context)], {
    path: { type: 'PathPrefix', value: '/' },
  }),
};

/** gRPC clients keep no cookies. */
export const GRPC_ROUTES: InPlace = {
  ...ROUTES,
  resource: RESOURCES.grpcRoutes,
  beside: beside(headersOf, {}),
};

export const KINDS: readonly InPlace[] = [HTTP_ROUTES, GRPC_ROUTES];

export const kindOf = (route: KubeObject): InPlace =>
  route.kind === GRPC_ROUTES.resource.kind ? GRPC_ROUTES : HTTP_ROUTES;
