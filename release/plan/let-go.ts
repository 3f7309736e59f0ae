import { REASON } from '../../api/reasons.ts';
import { templatesEqual } from '../canary/index.ts';
import type { StableFacts } from '../facts/facts.ts';
import { setAsideOf } from '../facts/records.ts';
import { servingAlone } from '../facts/workload.ts';
import type { Action, Answer } from '../model.ts';
import type { NotOptedIn } from '../situation.ts';
import { hold, rollOut, unmark, unpause } from '../actions.ts';
import { answer, AT_ONCE } from '../answer.ts';
import { inProgress } from './first-version.ts';

/**
 * Sluice is being uninstalled. A target with its stable template becomes as its author wrote it. One with a template that
 * is not proven stays paused: nothing else is left that would hold it.
 */
export function letGo(facts: NotOptedIn, { revert }: { revert: boolean }): Answer {
  const { target } = facts;
  const stable = facts.stable?.foreign === false ? facts.stable : undefined;
  const back = revert ? undefined : asideBack(facts, stable);
  if (back !== undefined) return back;
  if (!target.paused) return freed('The target is free.', unmark(target));
  if (stable?.wanted === true) return atStable(facts);
  if (stable !== undefined && revert)
    return acting('The stable template is put back.', [rollOut(target, stable.template)]);
  const holds =
    stable === undefined
      ? 'a template of which no record says that it is proven'
      : 'a template that is not proven';
  return { ...freed(`The target holds ${holds}, and stays paused.`, unmark(target)), outcome: 'stalled' };
}

function atStable({ target }: NotOptedIn): Answer {
  const ours = target.marker !== undefined || target.pausedBySluice;
  if (!ours) return freed('The author paused the target, and it stays so.', []);
  return acting('The target holds its stable template: it is un-paused.', [unpause(target)]);
}

/** A newer template was taken off the target so that its release could end: its author's last word is put back. */
function asideBack(facts: NotOptedIn, stable: StableFacts | undefined): Answer | undefined {
  const { target, newest } = facts;
  const aside = newest === undefined ? undefined : setAsideOf(newest);
  if (aside === undefined || stable?.wanted !== true || templatesEqual(aside, stable.template))
    return undefined;
  const atRest = target.paused || (target.observed && servingAlone(target) !== undefined);
  if (!atRest) return inProgress(target);
  return acting('The newer template that was set aside is put back, paused.', [hold(facts, target, aside)]);
}

const acting = (sentence: string, actions: Action[]): Answer =>
  answer({ reason: REASON.OptedOut, sentence, actions, requeueAfterMs: AT_ONCE });

/** The last pass takes the mark of the hold away, if there is one. */
const freed = (sentence: string, actions: Action[]): Answer =>
  answer({ reason: REASON.OptedOut, sentence, actions, outcome: 'done' });
