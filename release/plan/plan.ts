import { ladderOf } from '../../api/ladder.ts';
import { PROVIDERS } from '../../providers/index.ts';
import { wantsOf } from '../../providers/shared/wants.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import { REASON, type Reason } from '../../api/reasons.ts';
import type { Refusal } from '../../providers/provider.ts';
import { getObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { discoverTraffic, notesOn, preflight, type Note, type Traffic } from '../preflight/index.ts';
import { refused, resolveRules, withPresets, type Objection } from '../facts/resolve.ts';
import type { Facts } from '../facts/facts.ts';
import type { Action } from '../model.ts';
import { event } from '../actions.ts';
import { countedBy } from './counted.ts';
import { rehearsal } from './following.ts';
import { firstWrites } from './rehearsal.ts';
import { wireRules } from '../record/record.ts';

/** How a release would be delivered, as its record will say; or everything that prevents it. */
export type Plan =
  | {
      ok: true;
      value: Required<Pick<ReleaseSpec, 'policy' | 'analysis' | 'traffic'>>;
      /** dry runs of what will be written first: the API server may still refuse it */
      rehearsal: Action[];
      /** what does not prevent the release, but is reported before it begins */
      notes: Note[];
    }
  | { ok: false; objection: Objection; refusals: readonly Refusal[] };

export function planRelease(facts: Facts): Plan {
  const { snapshot } = facts;
  const { target } = snapshot;
  if (target === undefined) return objection(REASON.TargetDeleted, 'the target does not exist');
  const rules = resolveRules(snapshot);
  if (!rules.ok) return rejected(rules.objection);
  const { policy } = rules.value;
  const ladder = ladderOf(policy);
  const { annotations = {} } = target.metadata;
  const discovery = discoverTraffic({
    ...snapshot,
    target,
    policyProvider: policy.provider,
    wants: wantsOf(policy, annotations),
    annotations,
    budget: facts.budget,
  });
  if (!discovery.ok) return refusal(discovery.refusals);
  const { traffic } = discovery;
  const record = wireTraffic(traffic);
  const rehearsed = rehearsal(facts, getObject(target, 'spec', 'template') ?? {}, record);
  const [step] = ladder;
  const first =
    step === undefined
      ? { actions: [], refusals: [] }
      : firstWrites(facts, { policy, step, traffic, record });
  const refusals = [
    ...preflight({
      target,
      strategy: policy.strategy,
      traffic,
      deployments: snapshot.deployments,
      services: snapshot.services,
      ladder,
      surroundings: snapshot.surroundings,
    }),
    ...rehearsed.refusals,
    ...first.refusals,
  ];
  if (refusals.length > 0) return refusal(refusals);
  const presets = PROVIDERS[traffic.provider].presets(traffic.routes, snapshot.ingressClasses ?? []);
  const templates = withPresets(rules.value.templates, presets);
  if (!templates.ok) {
    const reason = 'sentence' in presets ? REASON.PresetUnknown : REASON.InvalidTemplate;
    return rejected(refused(reason, templates.issues).objection);
  }
  const wire = wireRules({ policy, templates: templates.value });
  const preset = countedBy(rules.value.templates, presets, PROVIDERS[traffic.provider]);
  return {
    ok: true,
    value: { ...wire, traffic: { ...record, preset } },
    rehearsal: [...rehearsed.actions, ...first.actions],
    notes: notesOn({ ...snapshot, target, traffic, ladder, templates: templates.value }),
  };
}

/** Reports what is good to know before a release begins, once it is recorded. */
export function notes(facts: Facts, release: string, plan: Plan): Action[] {
  if (!plan.ok) return [];
  return plan.notes.flatMap(({ reason, sentence }) =>
    event(facts, 'Normal', reason, `Release ${release}: ${sentence}`),
  );
}

function wireTraffic(traffic: Traffic): NonNullable<ReleaseSpec['traffic']> {
  const named = ({ apiVersion, kind, metadata }: KubeObject) => ({ apiVersion, kind, name: metadata.name });
  return {
    provider: traffic.provider,
    ...(traffic.stableService === undefined ? {} : { service: traffic.stableService.metadata.name }),
    ...(traffic.canaryService === undefined ? {} : { canaryService: traffic.canaryService }),
    routes: traffic.routes.map(named),
    rewrite: structuredClone(traffic.rewrite),
  };
}

function objection(reason: Reason, sentence: string): Plan {
  return rejected({ reason, sentence });
}

const rejected = (one: Objection): Plan => ({ ok: false, objection: one, refusals: [one] });

function refusal(refusals: readonly Refusal[]): Plan {
  const reason = refusals[0]?.reason ?? REASON.RouteUnsupported;
  const sentence = refusals.map((each) => each.sentence).join(' ');
  return { ok: false, objection: { reason, sentence }, refusals };
}
