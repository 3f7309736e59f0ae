import { getStringMap } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { REASON } from '../../api/reasons.ts';
import type { Facts } from '../facts/facts.ts';
import type { WorkloadFacts } from '../facts/workload.ts';
import type { Answer } from '../model.ts';
import { event, rollOut, unpause } from '../actions.ts';
import { answer, AT_ONCE } from '../answer.ts';
import { setAside, tellTooLarge } from './set-aside.ts';

/** What `kubectl rollout restart`, k9s and Lens write into the template. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

const restartOf = (template: JsonObject | undefined): string | undefined =>
  getStringMap(template, 'metadata', 'annotations')[RESTARTED_AT];

/** The target has the stable template with another restart than its pods have: natively, a rollout is waiting. */
export const restartWaits = ({ target, stable }: Facts): boolean =>
  stable?.replicaSet !== undefined &&
  stable.wanted &&
  restartOf(target?.template) !== restartOf(stable.replicaSet.template);

/** The target has nothing new: its pods are restarted natively, and it is paused again afterwards. */
export function restarted(facts: Facts, target: WorkloadFacts): Answer | undefined {
  if (!restartWaits(facts) || !target.observed) return undefined;
  const sentence = 'A restart was requested: the target rolls out its stable template again.';
  const actions = [unpause(target), ...event(facts, 'Normal', REASON.RestartOrdered, sentence)];
  return answer({ reason: REASON.RestartOrdered, sentence, actions, requeueAfterMs: AT_ONCE });
}

/** The target has a rejected template: it is set aside while the stable pods are restarted. */
export function restartedBehind(facts: Facts, target: WorkloadFacts): Answer | undefined {
  const { newest, stable } = facts;
  const asked = restartOf(target.template);
  if (newest === undefined || stable?.replicaSet === undefined || asked === undefined) return undefined;
  const known = [stable.replicaSet.template, ...facts.releases.map(({ spec }) => spec.canary.template)].map(
    restartOf,
  );
  if (known.includes(asked) || !target.observed) return undefined;
  const sentence =
    'A restart was requested: stable pods are restarted, and the held template is put back afterwards.';
  const { metadata = {} } = stable.template as { metadata?: JsonObject };
  const annotations = { ...getStringMap(metadata, 'annotations'), [RESTARTED_AT]: asked };
  const template = { ...stable.template, metadata: { ...metadata, annotations } };
  const actions = [
    ...setAside(newest, target.template),
    rollOut(target, template),
    ...tellTooLarge(facts, target),
    ...event(facts, 'Normal', REASON.RestartOrdered, sentence),
  ];
  return answer({ reason: REASON.RestartOrdered, sentence, actions, requeueAfterMs: AT_ONCE });
}
