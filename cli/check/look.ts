import { REASON } from '../../api/reasons.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import type { Note } from '../../release/preflight/index.ts';
import { factsOf, type Facts } from '../../release/facts/facts.ts';
import { phaseOf } from '../../release/facts/records.ts';
import { resolveRules } from '../../release/facts/resolve.ts';
import type { Action, Snapshot } from '../../release/model.ts';
import { asObject } from '../../release/record/made.ts';
import { planRelease, type Plan } from '../../release/plan/plan.ts';
import { newRelease } from '../../release/record/record.ts';
import type { Refusal } from '../../providers/provider.ts';

/** What would happen to a change of the target now. */
export interface Checked {
  /** the facts as if the release had begun; undefined: there is no such target */
  facts: Facts | undefined;
  /** why it cannot begin; [] = it can */
  refusals: readonly Refusal[];
  /** what is good to know, but prevents nothing */
  notes: readonly Note[];
  /** the release as it would be recorded, or the running one; undefined if it cannot begin */
  release: Release | undefined;
  /** a release of this target moves its traffic now: it changes routes and Services, so they are not judged */
  underWay: boolean;
  /** dry runs of what would be written first */
  rehearsal: readonly Action[];
  /** the templates as they are written, without ready-made queries; [] if they cannot be used */
  templates: readonly BoundTemplate[];
}

/** Are all refusals about what manifests alone cannot tell? That shows only once a controller has reported on the routes. */
export const onlyTime = ({ refusals }: Checked): boolean =>
  refusals.every(({ reason }) => reason === REASON.PresetUnknown);

/** The result if nothing could be read. */
export function unseen(refusals: readonly Refusal[]): Checked {
  return {
    facts: undefined,
    refusals,
    notes: [],
    release: undefined,
    underWay: false,
    rehearsal: [],
    templates: [],
  };
}

/** Plans a release of the template that the target holds, as the controller would. */
export function lookAt(snapshot: Snapshot): Checked {
  const facts = factsOf(snapshot);
  if (facts.active !== undefined && !['Pending', 'Blocked'].includes(phaseOf(facts.active))) {
    return besides(facts, facts.active);
  }
  const plan = planRelease(facts);
  const { target } = facts;
  if (!plan.ok || target === undefined) {
    const refusals = plan.ok ? [] : plan.refusals;
    return { facts, refusals, notes: [], release: undefined, underWay: false, rehearsal: [], templates: [] };
  }
  const release = planned(target, plan);
  const begun = factsOf({ ...snapshot, releases: [asObject(release)] });
  const notes = [...notOptedIn(facts), ...plan.notes];
  const rules = resolveRules(snapshot);
  const templates = rules.ok ? rules.value.templates : [];
  return {
    facts: begun,
    refusals: [],
    notes,
    release,
    underWay: false,
    rehearsal: plan.rehearsal,
    templates,
  };
}

function planned(target: NonNullable<Facts['target']>, plan: Plan & { ok: true }): Release {
  const { template } = target;
  const spec = { stable: { replicaSet: '', template }, canary: { template }, ...plan.value };
  return newRelease(target, spec, { beside: { releases: [], unsealed: [] } });
}

/** While a release is running, only policy and templates can be judged. */
function besides(facts: Facts, release: Release): Checked {
  const rules = resolveRules(facts.snapshot);
  const refusals = rules.ok ? [] : [rules.objection];
  const templates = rules.ok ? rules.value.templates : [];
  return { facts, refusals, notes: notOptedIn(facts), release, underWay: true, rehearsal: [], templates };
}

function notOptedIn(facts: Facts): Note[] {
  if (facts.optedIn !== undefined) return [];
  const sentence =
    'The annotation sluice.dev/policy is not set, so no change is held yet; this shows what policy default would do.';
  return [{ reason: REASON.OptedOut, sentence }];
}
