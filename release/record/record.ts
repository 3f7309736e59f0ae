import type { JsonObject } from '../../lib/json.ts';
import { ANNOTATION, API_VERSION } from '../../api/names.ts';
import { serializePolicy } from '../../api/kinds/policy/policy.ts';
import { serializeTemplate } from '../../api/kinds/template/template.ts';
import type { PromotedFor } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import { REASON } from '../../api/reasons.ts';
import { ownerOf, ownLabels, releaseName, templatesEqual } from '../canary/index.ts';
import type { StableRecord } from '../facts/records.ts';
import { servingAlone, type ReplicaSetFacts, type WorkloadFacts } from '../facts/workload.ts';
import type { Facts } from '../facts/facts.ts';
import type { Action, Answer, ResolvedRules } from '../model.ts';
import type { Said, StatusChange } from '../status/next.ts';
import { event } from '../actions.ts';
import { answerFor, AT_ONCE } from '../answer.ts';
import { fingerprintsOf } from './fingerprint.ts';
import { making, underFreeName, type Beside } from './made.ts';
import { seenSkip } from '../plan/skip.ts';

/**
 * A new Release object for the target's present generation, owned by the target, under a name that no other Release
 * has.
 */
export function newRelease(
  target: WorkloadFacts,
  spec: Omit<ReleaseSpec, 'target' | 'intent'>,
  { annotations = {}, beside }: { annotations?: Record<string, string>; beside: Beside },
): Release {
  const { namespace } = target.object.metadata;
  const userObjects = JSON.stringify(fingerprintsOf([target.object]));
  const named = (name: string): Release => ({
    apiVersion: API_VERSION,
    kind: 'Release',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: ownLabels(target.name, name),
      ownerReferences: [ownerOf(target.object)],
      annotations: { ...annotations, [ANNOTATION.userObjects]: userObjects },
    },
    spec: { target: { name: target.name, uid: target.uid }, ...spec, intent: 'Auto' },
  });
  return underFreeName((attempt) => named(releaseName(target.name, target.generation, attempt)), beside);
}

/** Policy and templates in wire form, with every default written out. */
export function wireRules({ policy, templates }: ResolvedRules): {
  policy: JsonObject;
  analysis: JsonObject[];
} {
  return {
    policy: serializePolicy(policy),
    analysis: templates.map(({ use, template, shared }) => ({
      template: use.template,
      args: { ...use.args },
      ...(shared === undefined ? {} : { shared }),
      spec: serializeTemplate(template),
    })),
  };
}

const RECORDED: Record<
  string,
  Said & { phase: 'Promoted' | 'Escaped'; promotedFor?: PromotedFor; doubtsHold?: true }
> = {
  Initial: {
    phase: 'Promoted',
    promotedFor: 'FirstVersion',
    reason: REASON.Initial,
    sentence:
      'This is the first version that Sluice sees: it serves alone, and the target is held from now on.',
  },
  Escaped: {
    phase: 'Escaped',
    doubtsHold: true,
    reason: REASON.EscapedHold,
    sentence:
      'The version that serves is not the one that the last Release left: it rolled out before it could be held, or its Release is gone. It was not analysed.',
  },
};

/** The status of a Release that records what rolled out without it. */
export function recordStatus(
  facts: Facts,
  as: string,
): {
  said: Said & { doubtsHold?: true };
  change: StatusChange;
} {
  const { phase, promotedFor, ...said } = RECORDED[as] ?? {
    phase: 'Escaped' as const,
    doubtsHold: true as const,
    reason: REASON.EscapedHold,
    sentence: 'Recorded.',
  };
  const serving = facts.target === undefined ? undefined : servingAlone(facts.target);
  return { said, change: { phase, promotedFor, weight: 0, replicaSet: serving?.name } };
}

export interface Recording {
  as: 'Initial' | 'Escaped';
  /** what serves now; undefined while it is not settled */
  serving: ReplicaSetFacts | undefined;
  /** what was stable before; absent for a first version */
  before?: StableRecord;
  /** actions before the record is made */
  first?: Action[];
}

/** Makes a Release that has ended from the start and only records what rolled out without one. */
export function record(facts: Facts, target: WorkloadFacts, recording: Recording): Answer {
  const { as, serving, before, first = [] } = recording;
  const present = { replicaSet: serving?.name ?? '', template: serving?.template ?? target.template };
  // A change that is already held gets a Release of its own, which has the name of this generation.
  const held = templatesEqual(present.template, target.template) ? 0 : 1;
  const release = newRelease(
    { ...target, generation: target.generation - held },
    { stable: before ?? present, canary: { template: present.template }, policy: {}, analysis: [] },
    { annotations: { ...seenSkip(target), [ANNOTATION.recordedAs]: as }, beside: facts.snapshot },
  );
  const { said, change } = recordStatus(facts, as);
  const told = event(facts, as === 'Initial' ? 'Normal' : 'Warning', said.reason, said.sentence);
  const actions = [...first, making(facts, 'record what serves', release), ...told];
  return answerFor(facts, release, { ...said, actions, outcome: 'done', requeueAfterMs: AT_ONCE }, change);
}
