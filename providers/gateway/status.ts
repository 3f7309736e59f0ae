import { getInteger, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Observation } from '../provider.ts';

type Acknowledgement = Pick<Observation, 'acknowledged' | 'problem'>;

const YES: Acknowledgement = { acknowledged: 'yes' };
const PENDING: Acknowledgement = { acknowledged: 'pending' };
const UNKNOWN: Acknowledgement = { acknowledged: 'unknown' };

/**
 * Has the control plane of every parent accepted this generation of the route? `unknown` where an
 * implementation never reports a generation. The answer says nothing about the proxies behind it. `off`: the
 * route sends nothing to the canary. Then an unresolved reference is reported as a problem, but blocks
 * nothing: the proxies follow the rules, and our own do not matter.
 */
export function acknowledgement(route: KubeObject, off = false): Acknowledgement {
  const namespace = route.metadata.namespace ?? '';
  const statuses = getObjects(route, 'status', 'parents');
  const parents = getObjects(route, 'spec', 'parentRefs').map((parent) => {
    const key = parentKey(parent, namespace);
    const entries = statuses.filter(
      (entry) => parentKey((entry['parentRef'] ?? {}) as JsonObject, namespace) === key,
    );
    return best(entries.map((entry) => fromEntry(route, entry, off)));
  });
  return worst(parents);
}

/**
 * Parents on which no controller reports, though one reports on others: no Gateway and no mesh of this
 * cluster serves them.
 */
export function unserved(route: KubeObject): JsonObject[] {
  const namespace = route.metadata.namespace ?? '';
  const reported = getObjects(route, 'status', 'parents').map((entry) =>
    parentKey((entry['parentRef'] ?? {}) as JsonObject, namespace),
  );
  if (reported.length === 0) return [];
  return getObjects(route, 'spec', 'parentRefs').filter(
    (parent) => !reported.includes(parentKey(parent, namespace)),
  );
}

/** The parent that is furthest behind decides. */
export function worst(all: readonly Acknowledgement[]): Acknowledgement {
  const behind = (['pending', 'unknown'] as const).find((wanted) =>
    all.some(({ acknowledged }) => acknowledged === wanted),
  );
  const problem = all.find((each) => each.problem !== undefined)?.problem;
  return { acknowledged: behind ?? 'yes', ...(problem === undefined ? {} : { problem }) };
}

/** Several controllers may report for one parent, and one of them may have been removed long ago. */
function best(all: readonly Acknowledgement[]): Acknowledgement {
  const fine = (wanted: string) =>
    all.find(({ acknowledged, problem }) => acknowledged === wanted && problem === undefined);
  const taken = all.find(({ acknowledged }) => acknowledged !== 'pending');
  return fine('yes') ?? fine('unknown') ?? taken ?? fine('pending') ?? all[0] ?? PENDING;
}

/** Implementations rewrite parentRefs with defaults filled in, and the core group as "" or "core". */
function parentKey(ref: JsonObject, namespace: string): string {
  const group = getString(ref, 'group') ?? 'gateway.networking.k8s.io';
  return JSON.stringify([
    group === 'core' ? '' : group,
    getString(ref, 'kind') ?? 'Gateway',
    getString(ref, 'namespace') ?? namespace,
    getString(ref, 'name'),
    getString(ref, 'sectionName') ?? '',
    getInteger(ref, 'port') ?? 0,
  ]);
}

function fromEntry(route: KubeObject, entry: JsonObject, off: boolean): Acknowledgement {
  const conditions = getObjects(entry, 'conditions');
  const named = (type: string) => conditions.find((condition) => getString(condition, 'type') === type);
  const states = [fromCondition(route, named('Accepted')), fromCondition(route, named('ResolvedRefs'), off)];
  // PartiallyInvalid may come with the Accepted of an older generation: the proxies do not follow the new
  // rules.
  const partly = named('PartiallyInvalid');
  if (getString(partly, 'status') === 'True')
    states.push({ acknowledged: 'pending', problem: told(route, partly) });
  return worst(states);
}

/** `mayBeFalse`: false is a problem, but does not show that the proxies ignore the route. */
function fromCondition(
  route: KubeObject,
  condition: JsonObject | undefined,
  mayBeFalse = false,
): Acknowledgement {
  if (condition === undefined) return PENDING;
  const observed = getInteger(condition, 'observedGeneration') ?? 0;
  if (observed !== 0 && observed < (route.metadata.generation ?? 0)) return PENDING;
  const status = getString(condition, 'status');
  const seen = observed === 0 ? UNKNOWN : YES;
  if (status === 'False') return { ...(mayBeFalse ? seen : PENDING), problem: told(route, condition) };
  return status === 'True' ? seen : PENDING;
}

function told(route: KubeObject, condition: JsonObject | undefined): string {
  const type = getString(condition, 'type') ?? '';
  const why = getString(condition, 'message') ?? getString(condition, 'reason') ?? 'no message';
  return `${route.kind} ${route.metadata.name} has the condition ${type}=${getString(condition, 'status') ?? ''}: ${why}`;
}
