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
/** on the canary's Ingress: what becomes of clients with a session */
export const BEHAVIOR = `${PREFIX}affinity-canary-behavior`;
export const SESSION_COOKIE = `${PREFIX}session-cookie-name`;
export const SESSION_MAX_AGE = `${PREFIX}session-cookie-max-age`;

const RULES = [HEADER, HEADER_VALUE, HEADER_PATTERN, COOKIE];
/** What the controller reads from the canary's Ingress and is the user's; everything else it takes from the main one. */
const COPIED = ['load-balance', 'service-upstream'].map((name) => PREFIX + name);
const HASH_BY = `${PREFIX}upstream-hash-by`;

const isCopied = (key: string): boolean => COPIED.includes(key) || key.startsWith(HASH_BY);

/** Does the controller read this from a canary's Ingress? Anything else may be put on it. */
export const isRead = (key: string): boolean =>
  isCopied(key) || key === CANARY || key.startsWith(`${CANARY}-`) || key === BEHAVIOR || key === CLASS;

/** Is it judged by `readSplit`? */
export const isSplit = (key: string): boolean => key === WEIGHT || key === TOTAL || RULES.includes(key);

const PROTOCOL = `${PREFIX}backend-protocol`;

/** Its pods are spoken to by gRPC. */
export const speaksGrpc = (ingress: KubeObject): boolean =>
  /^GRPCS?$/i.test(getString(ingress, 'metadata', 'annotations', PROTOCOL) ?? '');

/** Undefined: none. `spec.ingressClassName` wins over the old annotation. */
export const classOf = (ingress: KubeObject): string | undefined =>
  getString(ingress, 'spec', 'ingressClassName') ?? getString(ingress, 'metadata', 'annotations', CLASS);

export const hasAffinity = (ingress: KubeObject): boolean =>
  getString(ingress, 'metadata', 'annotations', AFFINITY) === 'cookie';

/**
 * The class's old annotation only where there is no field: a server refuses to make an Ingress with two classes that
 * differ. Sessions belong to the upstream, which the main Ingresses share, and so does what they say of them.
 */
export function copiedAnnotations(ingress: KubeObject, mains: readonly KubeObject[]): Record<string, string> {
  const annotations = getStringMap(ingress, 'metadata', 'annotations');
  const hasField = getString(ingress, 'spec', 'ingressClassName') !== undefined;
  const copied = Object.entries(annotations).filter(([key]) => isCopied(key) || (key === CLASS && !hasField));
  const [behavior] = behaviorsOf(mains);
  return { ...Object.fromEntries(copied), ...(behavior === undefined ? {} : { [BEHAVIOR]: behavior }) };
}

/** What the user's Ingresses say of clients with a session, each answer once. */
export const behaviorsOf = (mains: readonly KubeObject[]): string[] => [
  ...new Set(mains.flatMap((main) => getString(main, 'metadata', 'annotations', BEHAVIOR) ?? [])),
];

export function splitAnnotations(wants: Wants, { weight, matching }: Split): Record<string, string> {
  const { total, match, sticky } = wants;
  const rules = matching && match !== undefined ? ruleAnnotations(match) : {};
  return {
    [CANARY]: 'true',
    // Whole numbers only: the controller takes anything else for 0, without a word. So it does with totals below 100.
    [WEIGHT]: String(Math.round((weight * total) / 100)),
    ...(total === 100 ? {} : { [TOTAL]: String(total) }),
    ...rules,
    ...(sticky === undefined ? {} : { [BEHAVIOR]: matching ? 'sticky' : 'legacy' }),
  };
}

/** Only the first of each kind has room; more are refused. The value of a cookie is always "always". */
function ruleAnnotations({ headers: [header], cookies: [cookie] }: NonNullable<Wants['match']>) {
  return {
    ...(header === undefined ? {} : headerAnnotations(header)),
    ...(cookie === undefined ? {} : { [COOKIE]: cookie.name }),
  };
}

/** The pattern is looked for anywhere in the header, where a policy's has to cover the whole of it. */
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
  // Without a rule it is deleted instead, because clients with a session stay on one of weight 0.
  return weight === 0 && !matching ? undefined : { weight, mirror: 0, matching };
}

function readPercent(annotations: Record<string, string>): number | undefined {
  const weight = annotations[WEIGHT] ?? '';
  const total = annotations[TOTAL] ?? '100';
  if (!/^\d{1,6}$/.test(weight) || !/^\d{3,6}$/.test(total)) return undefined;
  const percent = (100 * Number(weight)) / Number(total);
  return percent > 100 ? undefined : Math.round(percent * 100) / 100;
}

/** Rules that nobody here wanted, or nobody knows any more, send requests to the canary all the same. */
function readMatching(annotations: Record<string, string>, { match, sticky }: Wants): boolean | undefined {
  const live = Object.fromEntries(Object.entries(annotations).filter(([key]) => RULES.includes(key)));
  const isSticky = sticky !== undefined && annotations[BEHAVIOR] === 'sticky';
  if (Object.keys(live).length === 0) return isSticky;
  return match === undefined || equalJson(live, ruleAnnotations(match)) ? true : undefined;
}
