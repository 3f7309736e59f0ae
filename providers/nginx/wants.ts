import type { KubeObject } from '../../api/kube.ts';
import type { CookieMatch, HeaderMatch, Match, Stickiness } from '../../api/kinds/policy/split.ts';
import { REASON } from '../../api/reasons.ts';
import {
  AFFINITY,
  BEHAVIOR,
  behaviorsOf,
  hasAffinity,
  patternOf,
  SESSION_COOKIE,
  SESSION_MAX_AGE,
} from './annotations.ts';
import { annotationsOf, mains } from './ingress.ts';
import type { Refusal, TrafficContext } from '../provider.ts';

/** What the policy wants and a canary Ingress cannot do. */
export function refuseWants(context: TrafficContext): Refusal[] {
  const { match, mirror, sticky } = context.wants;
  const sentences = [
    ...(mirror === undefined ? [] : [NO_MIRROR]),
    ...(match === undefined ? [] : refuseMatch(match, mains(context))),
    ...(sticky === undefined ? [] : refuseSticky(sticky, mains(context))),
  ];
  return sentences.map((sentence) => ({ reason: REASON.StrategyUnsupported, sentence }));
}

const NO_MIRROR =
  'spec.mirror of the policy: Ingress-NGINX cannot copy requests to a canary; remove it, or use provider gateway or istio.';

function refuseMatch(match: Match, all: readonly KubeObject[]): string[] {
  const { headers, cookies } = match;
  const sessions = all
    .filter(hasAffinity)
    .map(
      ({ metadata }) =>
        `spec.match of the policy: Ingress ${metadata.name} keeps each client on its pod by a cookie (affinity: cookie), and clients of stable stay there whatever headers they send; remove that annotation, or spec.match.`,
    );
  return [
    ...sessions,
    ...(headers.length > 1
      ? [tooMany('headers', headers.length, 'join values of one header in one regex')]
      : []),
    ...(cookies.length > 1 ? [tooMany('cookies', cookies.length, 'keep one')] : []),
    ...headers.slice(0, 1).flatMap(refuseHeader),
    ...cookies.slice(0, 1).flatMap(refuseCookie),
  ];
}

const tooMany = (field: string, count: number, remedy: string): string =>
  `spec.match.${field} of the policy: has ${count} entries, and a canary Ingress has room for one; ${remedy}.`;

/** nginx drops headers with other characters, and by default also those with an underscore. */
const HEADER_NAME = /^[A-Za-z0-9-]+$/;
/** What the controller's validation of annotations accepts; it ignores anything else without a message. */
const PLAIN = /^[-/._~a-zA-Z0-9: ]+$/;
const PATTERN = /^[-/._~a-zA-Z0-9:^$[\](){}*+?|&=\\]+$/;
const COOKIE_NAME = /^[-._~a-zA-Z0-9]+$/;
/** `\d` and its like; RE2 gives no meaning to another letter after a backslash, but PCRE may. */
const STRANGE_ESCAPE = /\\(?![dDwWsSbB])[A-Za-z0-9]/;

function refuseHeader({ name, value, regex }: HeaderMatch): string[] {
  const field = 'spec.match.headers of the policy';
  const out: string[] = [];
  if (!HEADER_NAME.test(name))
    out.push(`${field}: nginx drops headers called "${name}"; use letters, digits and hyphens.`);
  if (regex !== true && !PLAIN.test(value))
    out.push(
      `${field}: the value "${value}" of ${name} does not fit into an annotation of Ingress-NGINX; use letters, digits, blanks and - / . _ ~ : only.`,
    );
  if (regex === true && !PATTERN.test(patternOf(value)))
    out.push(
      `${field}: the regex "${value}" of ${name} does not fit into an annotation of Ingress-NGINX; avoid blanks, commas, quotes and any of ; < > ! # % @.`,
    );
  if (regex === true && STRANGE_ESCAPE.test(value.replaceAll('\\\\', '')))
    out.push(
      `${field}: the regex "${value}" of ${name} has an escape that PCRE, which nginx uses, may read differently; after a backslash use only the letters d D w W s S b B.`,
    );
  return out;
}

function refuseCookie({ name, value }: CookieMatch): string[] {
  const field = 'spec.match.cookies of the policy';
  const out: string[] = [];
  if (!COOKIE_NAME.test(name))
    out.push(
      `${field}: the name "${name}" does not fit into an annotation of Ingress-NGINX; use letters, digits and - . _ ~ only.`,
    );
  if (value !== 'always')
    out.push(
      `${field}: Ingress-NGINX knows only the value "always", not "${value}"; set cookie ${name} to always.`,
    );
  return out;
}

/** The controller keeps clients only by a cookie of its own, which the user's Ingresses name. */
function refuseSticky({ cookie, maxAgeMs }: Stickiness, all: readonly KubeObject[]): string[] {
  const needed = {
    [AFFINITY]: 'cookie',
    [SESSION_COOKIE]: cookie,
    [SESSION_MAX_AGE]: String(maxAgeMs / 1000),
  };
  const [behavior] = behaviorsOf(all);
  const lacking = all.flatMap((ingress) => {
    const wrong = Object.entries(needed).filter(([key, value]) => annotationsOf(ingress)[key] !== value);
    if (wrong.length === 0) return [];
    const list = wrong.map(([key, value]) => `${key}: "${value}"`).join(', ');
    return [
      `spec.stickiness of the policy: Ingress-NGINX keeps clients only by the session of their Ingress; annotate Ingress ${ingress.metadata.name} with ${list}, or remove spec.stickiness.`,
    ];
  });
  if (behavior === undefined || behavior === 'sticky') return lacking;
  const against = `spec.stickiness of the policy: the annotation ${BEHAVIOR} of the Ingress says ${behavior}; remove one of them.`;
  return [...lacking, against];
}
