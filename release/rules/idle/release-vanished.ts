import { ANNOTATION, LABEL } from '../../../api/names.ts';
import { labelValue, templatesEqual } from '../../canary/index.ts';
import type { Action, Answer, Rule } from '../../model.ts';
import { optional } from '../../actions.ts';
import { answerFor, AT_ONCE } from '../../answer.ts';
import { removeLeftBehind } from '../../plan/left-behind.ts';
import { DELETED } from '../../record/record-again.ts';
import { making } from '../../record/made.ts';
import { newRelease } from '../../record/record.ts';
import { turnedDown } from '../../plan/turned-down.ts';
import type { Idle } from '../../situation.ts';

/**
 * The running Release was deleted, and no finalizer kept it: its canary still runs the target's template. Its end is
 * recorded after the traffic is off and before the canary is deleted, so that the template does not begin again.
 */
export const releaseVanished: Rule<Idle> = {
  name: 'release-vanished',
  decide(facts) {
    return isVanished(facts) ? recorded(facts) : undefined;
  },
};

function isVanished(facts: Idle): boolean {
  const { target, stable, canary, releases } = facts;
  if (!target.paused || stable.wanted) return false;
  const { deployment, template } = canary;
  const of = deployment?.object.metadata.labels?.[LABEL.release];
  const known = releases.some(({ metadata }) => labelValue(metadata.name) === of);
  const itsOwn = template !== undefined && templatesEqual(template, target.template);
  return canary.ours && itsOwn && !known && turnedDown(facts) === undefined;
}

function recorded(facts: Idle): Answer {
  const { target, stable } = facts;
  const { actions = [] } = removeLeftBehind(facts) ?? {};
  const made = newRelease(
    target,
    {
      stable: { replicaSet: stable.replicaSetName, template: stable.template },
      canary: { template: target.template },
      policy: {},
      analysis: [],
    },
    { annotations: { [ANNOTATION.recordedAs]: 'Deleted' }, beside: facts.snapshot },
  );
  const create = making(facts, 'record how the deleted release ended', made);
  const isUrgent = (action: Action): boolean => action.do === 'write' && action.urgent === true;
  const later = actions.filter((each) => !isUrgent(each));
  const ordered = [...actions.filter(isUrgent), ...optional([create]), ...later];
  const { reason, message: sentence, phase, withdrawal, targetGeneration } = DELETED(facts);
  const parts = { reason, sentence, actions: ordered, requeueAfterMs: AT_ONCE };
  return answerFor(facts, made, parts, { phase, withdrawal, targetGeneration });
}
