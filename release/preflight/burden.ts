import { Budget } from '../../api/budget.ts';
import { getObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import type { Refusal } from '../../providers/provider.ts';
import { requiredLabels, type Rewrite } from '../canary/index.ts';
import { burdenOf, isUsers, liveByName, type CompanionInput } from '../companions/index.ts';
import { groupsOf } from './pods.ts';
import { nameOf, type DiscoveryInput } from './types.ts';

/** Maximum number of objects that may have to follow one canary; each pass of a release looks at all of them. */
export const MOST_ATTACHED = 500;
/** Maximum number of values in all of them: each candidate rewrite is compared with every value. */
const MOST_VALUES = 50_000;
/** Maximum product of the number of Services and the number of different label sets of pods. */
const MOST_SELECTIONS = 200_000;
/** Maximum number of labels in the target's spec.selector: each copy for the canary names all of them. */
const MOST_LABELS = 64;
/** Maximum number of Services that select the pods of one target. */
const MOST_FRONTING = 100;

/**
 * How many objects would have to follow the canary, by rewrite: the fewer policies are copied, the less can go wrong.
 */
export function burdenFor(
  { target, attached = [], elsewhere = [], budget = new Budget() }: DiscoveryInput,
  service?: CompanionInput['service'],
): (rewrite: Rewrite) => number {
  const template = getObject(target, 'spec', 'template') ?? {};
  const live = liveByName(attached);
  return (rewrite) =>
    burdenOf({ target, template, rewrite, release: '', service, attached, elsewhere }, live, budget);
}

/** Refuses more than one pass may look at; each refusal names what is too much, and the way out. */
export function refuseBurden(input: DiscoveryInput): Refusal[] {
  const { target, services, attached = [] } = input;
  const where = `namespace ${target.metadata.namespace ?? ''} holds`;
  const deployment = `Deployment ${nameOf(target)}`;
  const policies = attached.filter(isUsers).length;
  const kinds = groupsOf(input).length;
  const demanded = Object.keys(requiredLabels(getObject(target, 'spec', 'selector') ?? {})).length;
  return [
    ...tooMuch(
      demanded > MOST_LABELS,
      `spec.selector of ${deployment} demands ${demanded} labels, more than the ${MOST_LABELS} that Sluice can copy`,
      'create the Deployment again with a shorter selector',
    ),
    ...tooMuch(
      policies > MOST_ATTACHED,
      `${where} ${policies} policies, budgets and monitors that may have to follow the canary of ${deployment}, more than the ${MOST_ATTACHED} that Sluice looks at`,
    ),
    ...tooMuch(
      exceeds(attached, MOST_VALUES),
      `${where} policies, budgets and monitors with more than the ${MOST_VALUES} values that Sluice looks at for the canary of ${deployment}`,
    ),
    ...tooMuch(
      services.length * kinds > MOST_SELECTIONS,
      `${where} ${services.length} Services and pods with ${kinds} different sets of labels, too many to find the Services in front of ${deployment}`,
    ),
  ];
}

/** Limited because each Service in front is looked for in each route. */
export const refuseFronting = (target: KubeObject, fronting: readonly KubeObject[]): Refusal[] =>
  tooMuch(
    fronting.length > MOST_FRONTING,
    `${fronting.length} Services select the pods of Deployment ${nameOf(target)}, more than the ${MOST_FRONTING} that Sluice looks at`,
  );

function tooMuch(
  is: boolean,
  what: string,
  remedy = 'remove those that are not needed, or give the Deployment a namespace of its own',
): Refusal[] {
  return is ? [{ reason: REASON.TooMuchWork, sentence: `${what}; ${remedy}.` }] : [];
}

/** Do the objects hold more values than the limit? It stops counting when they do. */
function exceeds(objects: readonly KubeObject[], limit: number): boolean {
  const open: unknown[] = objects.map(({ spec }) => spec);
  for (let seen = 0; open.length > 0; seen++) {
    if (seen > limit) return true;
    const value = open.pop();
    if (typeof value === 'object' && value !== null) for (const each of Object.values(value)) open.push(each);
  }
  return false;
}
