import { getObject, getObjects, getString } from '../../lib/json.ts';
import { ANNOTATION } from '../../api/names.ts';
import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { nameOfWriter } from '../facts/writers.ts';
import type { Facts } from '../facts/facts.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Action, Decision } from '../model.ts';
import { event, optional, patchRelease } from '../actions.ts';
import { turnedDown } from './turned-down.ts';

/*
 * The annotation sluice.dev/skip counts only for the template that changes in the same write. Two sources tell whether
 * it did: the newest Release records which skip is on the target while there is no new template, and the API server
 * says which writer owns the annotation and parts of the template.
 */

const skipOf = ({ annotations }: WorkloadFacts): string | undefined => {
  const text = annotations[ANNOTATION.skip]?.trim();
  return text === '' ? undefined : text;
};

const seenBy = (release: Release | undefined): string | undefined =>
  release?.metadata.annotations?.[ANNOTATION.skipSeen];

/** What a Release that begins now, or records what serves, notes about the skip on the target. */
export function seenSkip(target: WorkloadFacts): Record<string, string> {
  const skip = skipOf(target);
  return skip === undefined ? {} : { [ANNOTATION.skipSeen]: skip };
}

/** For a new template: the skip that came with it and its writer, or a message that the skip on the target is void. */
export function arrivedSkip(
  facts: Facts,
  target: WorkloadFacts,
): { annotations: Record<string, string>; told: Action[] } {
  const skip = skipOf(target);
  const seen = facts.stable?.foreign === true ? undefined : seenBy(facts.newest);
  if (skip === undefined) return { annotations: {}, told: [] };
  const who = writerOfBoth(target);
  if (skip === seen || who === undefined) {
    const sentence =
      'it was not set in the write that changed the template, so the template is analysed like any other';
    return { annotations: seenSkip(target), told: tellVoid(facts, skip, sentence) };
  }
  return {
    annotations: { ...seenSkip(target), [ANNOTATION.skip]: skip, [ANNOTATION.skipBy]: who },
    told: [],
  };
}

/** The writer of both the annotation and parts of the template; what one write set has one owner. */
function writerOfBoth({ object }: WorkloadFacts): string | undefined {
  const entry = getObjects(object.metadata, 'managedFields').find(
    ({ fieldsV1 }) =>
      getObject(fieldsV1, 'f:metadata', 'f:annotations', `f:${ANNOTATION.skip}`) !== undefined &&
      getObject(fieldsV1, 'f:spec', 'f:template') !== undefined,
  );
  return entry === undefined ? undefined : nameOfWriter(getString(entry, 'manager') ?? '');
}

function tellVoid(facts: Facts, skip: string, because: string): Action[] {
  const sentence = `The annotation sluice.dev/skip ("${skip}") is void: ${because}. Set it in the write that changes the template.`;
  return event(facts, 'Warning', REASON.SkipVoid, sentence);
}

/** Adds to a decision a note of the skip that is on a target without a new template. */
export function rememberingSkip(facts: Facts, decision: Decision): Decision {
  const { newest, target } = facts;
  if (newest?.status === undefined || target === undefined || facts.stable?.foreign !== false)
    return decision;
  if (newest.metadata.deletionTimestamp !== undefined || writesTo(decision, newest)) return decision;
  const skip = skipOf(target);
  if (skip === seenBy(newest) || (skip !== undefined && isNew(facts))) return decision;
  const remember = patchRelease('record the skip annotation of the target', newest, {
    annotations: { [ANNOTATION.skipSeen]: skip ?? null },
  });
  const sentence = 'that write did not change the template';
  const told = skip === undefined ? [] : tellVoid(facts, skip, sentence);
  return { ...decision, actions: [...decision.actions, ...optional([remember]), ...told] };
}

const isNew = (facts: Facts): boolean =>
  !facts.holdsNewest && facts.stable?.wanted !== true && turnedDown(facts) === undefined;

const writesTo = ({ actions }: Decision, { metadata }: Release): boolean =>
  actions.some(
    (action) => action.do === 'write' && 'ref' in action.write && action.write.ref.name === metadata.name,
  );

/** Why the analysis of this release is skipped, and who ordered it. */
export function skippedBy({ metadata }: Release): string | undefined {
  const { [ANNOTATION.skip]: skip, [ANNOTATION.skipBy]: who = 'somebody' } = metadata.annotations ?? {};
  return skip === undefined ? undefined : `the annotation sluice.dev/skip came with it, by ${who}: ${skip}`;
}
