import { equalJson, isObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { Json, JsonObject } from '../../lib/json.ts';

/** What the API server writes into fields that were left out. */
const DEFAULTS: Record<string, Json> = {
  matchPolicy: 'Equivalent',
  scope: '*',
  failurePolicy: 'Fail',
  reinvocationPolicy: 'Never',
};

const EXEMPTION = /^request\.userInfo\.username != '([^']+)'$/;
const CONTROLLER = '(the controller)';

/** kustomize and other tools change the line breaks of expressions when they read and write YAML. */
const oneLine = (expression: string): string => expression.trim().replaceAll(/\s+/g, ' ');

/**
 * Where the spec of a policy or binding in the cluster differs from the shipped one; undefined: nowhere that matters.
 * Written-out defaults and other line breaks do not matter, and the cluster may choose the name of the controller's
 * user.
 *
 * @returns the path of the first difference, such as `spec.matchConditions[1].expression`
 */
export function difference(shipped: KubeObject, live: KubeObject): string | undefined {
  return differ(normal(shipped.spec), normal(live.spec), 'spec');
}

/** The users that the conditions of these policies exempt. */
export function exempted(policies: readonly KubeObject[]): string[] {
  const names = policies.flatMap(({ spec }) => {
    const conditions = Array.isArray(spec?.['matchConditions']) ? spec['matchConditions'] : [];
    return conditions.flatMap((each) => {
      const expression = isObject(each) ? each['expression'] : undefined;
      return typeof expression === 'string' ? (EXEMPTION.exec(oneLine(expression))?.[1] ?? []) : [];
    });
  });
  return [...new Set(names)];
}

/** The value without defaults and empty parts, so that a field left out equals the same field written out. */
function normal(value: Json | undefined): Json | undefined {
  if (typeof value === 'string') return EXEMPTION.test(oneLine(value)) ? CONTROLLER : oneLine(value);
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map((each) => normal(each) ?? null);
  if (!isObject(value)) return value ?? undefined;
  const kept: JsonObject = {};
  for (const [key, each] of Object.entries(value)) {
    const part = each === DEFAULTS[key] ? undefined : normal(each);
    if (part !== undefined) kept[key] = part;
  }
  return Object.keys(kept).length === 0 ? undefined : kept;
}

function differ(shipped: Json | undefined, live: Json | undefined, path: string): string | undefined {
  if (equalJson(shipped, live)) return undefined;
  if (isObject(shipped) && isObject(live)) {
    const keys = [...new Set([...Object.keys(shipped), ...Object.keys(live)])];
    const found = keys.map((key) => differ(shipped[key], live[key], `${path}.${key}`));
    return found.find((each) => each !== undefined);
  }
  if (Array.isArray(shipped) && Array.isArray(live) && shipped.length === live.length) {
    const found = shipped.map((each, index) => differ(each, live[index], `${path}[${index}]`));
    return found.find((each) => each !== undefined);
  }
  return path;
}
