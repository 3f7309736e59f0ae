import { equalJson, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { HeaderMatch } from '../../api/kinds/policy/split.ts';
import type { Split, Wants } from '../provider.ts';

const PREFIX = 'nginx.ingress.kubernetes.io/';
const CLASS = 'kubernetes.io/ingress.class';

export const CANARY = `${PREFIX}canary`;
export const WEIGHT = `${PREFIX}canary-weight`;
const TOTAL = `${PREFIX}canary-weight-total`;
const HEADER = `${PREFIX}canary-by-header`;
const HEADER_VALUE = `${PREFIX}canary-by-header-value`;
const HEADER_PATTERN = `${PREFIX}canary-by-header-pattern`;
const COOKIE = `${PREFIX}canary-by-cookie`;
export const PASSTHROUGH = `${PREFIX}ssl-passthrough`;
export const AFFINITY = `${PREFIX}affinity`;
/** on the canary's Ingress: what happens to clients with a session */
export const BEHAVIOR = `${PREFIX}affinity-canary-behavior`;
export const SESSION_COOKIE = `${PREFIX}session-cookie-name`;
export const SESSION_MAX_AGE = `${PREFIX}session-cookie-max-age`;

const RULES = [HEADER, HEADER_VALUE, HEADER_PATTERN, COOKIE];
/**
 * What the controller reads from the canary's Ingress and the user decides; it takes everything else from the
 * main Ingress.
 */
const COPIED = ['load-balance', 'service-upstream'].map((name) => PREFIX + name);
const HASH_BY = `${PREFIX}upstream-hash-by`;

const isCopied = (key: string): boolean => COPIED.includes(key) || key.startsWith(HASH_BY);

/** Does the controller read this from a canary's Ingress? Users may add any other annotation to it. */
export const isRead = (key: string): boolean =>
  isCopied(key) || key === CANARY || key.startsWith(`${CANARY}-`) || key === BEHAVIOR || key === CLASS;

/** Does `readSplit` judge it? */
export const isSplit = (key: string): boolean => key === WEIGHT || key === TOTAL || RULES.includes(key);

const PROTOCOL = `${PREFIX}backend-protocol`;

/** Does nginx speak gRPC to its pods? */
export const speaksGrpc = (ingress: KubeObject): boolean =>
  /^GRPCS?$/i.test(getString(ingress, 'metadata', 'annotations', PROTOCOL) ?? '');

/** Undefined: the Ingress names no class. `spec.ingressClassName` wins over the old annotation. */
export const classOf = (ingress: KubeObject): string | undefined =>
  getString(ingress, 'spec', 'ingressClassName') ?? getString(ingress, 'metadata', 'annotations', CLASS);

export const hasAffinity = (ingress: KubeObject): boolean =>
  getString(ingress, 'metadata', 'annotations', AFFINITY) === 'cookie';

/**
 * Copies the old annotation of the class only if the field is absent: a server refuses to create an Ingress
 * with two different classes. Sessions belong to the upstream, which the main Ingresses share, so they share
 * their session annotations as well.
 */
export function copiedAnnotations(ingress: KubeObject, mains: readonly KubeObject[]): Record<string, string> {
  const annotations = getStringMap(ingress, 'metadata', 'annotations');
  const hasField = getString(ingress, 'spec', 'ingressClassName') !== undefined;
  const copied = Object.entries(annotations).filter(([key]) => isCopied(key) || (key === CLASS && !hasField));
  const [behavior] = behaviorsOf(mains);
  return { ...Object.fromEntries(copied), ...(behavior === undefined ? {} : { [BEHAVIOR]: behavior }) };
}

/** What the user's Ingresses say about clients with a session, each answer once. */
export const behaviorsOf = (mains: readonly KubeObject[]): string[] => [
  ...new Set(mains.flatMap((main) => getString(main, 'metadata', 'annotations', BEHAVIOR) ?? [])),
];

export function splitAnnotations(wants: Wants, { weight, matching }: Split): Record<string, string> {
  const { total, match, sticky } = wants;
  const rules = matching && match !== undefined ? ruleAnnotations(match) : {};
  return {
    [CANARY]: 'true',
    // Whole numbers only: the controller reads anything else as 0, without a message. It does the same with
    // totals below 100.
    [WEIGHT]: String(Math.round((weight * total) / 100)),
    ...(total === 100 ? {} : { [TOTAL]: String(total) }),
    ...rules,
    ...(sticky === undefined ? {} : { [BEHAVIOR]: matching ? 'sticky' : 'legacy' }),
  };
}

/**
 * An Ingress has room only for the first of each kind; a policy with more is refused. The value of a cookie
 * is always "always".
 */
function ruleAnnotations({ headers: [header], cookies: [cookie] }: NonNullable<Wants['match']>) {
  return {
    ...(header === undefined ? {} : headerAnnotations(header)),
    ...(cookie === undefined ? {} : { [COOKIE]: cookie.name }),
  };
}

/**
 * nginx looks for the pattern anywhere in the header, but a policy's pattern has to match the whole header.
 */
function headerAnnotations({ name, value, regex }: HeaderMatch): Record<string, string> {
  return {
    [HEADER]: name,
    ...(regex === true ? { [HEADER_PATTERN]: patternOf(value) } : { [HEADER_VALUE]: value }),
  };
}

export const patternOf = (regex: string): string => `^(?:${regex})$`;

/** What a canary's Ingress does with requests; undefined if it is not what any plan makes. */
export function readSplit(live: KubeObject, wants: Wants): Split | undefined {
  const annotations = getStringMap(live, 'metadata', 'annotations');
  const weight = readPercent(annotations);
  const matching = readMatching(annotations, wants);
  if (weight === undefined || matching === undefined) return undefined;
  // Without such a rule the Ingress is deleted instead: clients with a session stay on a canary of weight 0.
  return weight === 0 && !matching ? undefined : { weight, mirror: 0, matching };
}

function readPercent(annotations: Record<string, string>): number | undefined {
  const weight = annotations[WEIGHT] ?? '';
  const total = annotations[TOTAL] ?? '100';
  if (!/^\d{1,6}$/.test(weight) || !/^\d{3,6}$/.test(total)) return undefined;
  const percent = (100 * Number(weight)) / Number(total);
  return percent > 100 ? undefined : Math.round(percent * 100) / 100;
}

/** Rules that this release did not want, or no longer knows, still send requests to the canary. */
function readMatching(annotations: Record<string, string>, { match, sticky }: Wants): boolean | undefined {
  const live = Object.fromEntries(Object.entries(annotations).filter(([key]) => RULES.includes(key)));
  const isSticky = sticky !== undefined && annotations[BEHAVIOR] === 'sticky';
  if (Object.keys(live).length === 0) return isSticky;
  return match === undefined || equalJson(live, ruleAnnotations(match)) ? true : undefined;
}
