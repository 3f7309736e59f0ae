import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { ReleaseSpec } from '../../api/kinds/release/spec.ts';
import { REASON } from '../../api/reasons.ts';
import type { Refusal } from '../../providers/provider.ts';
import type { Rewrite } from '../canary/index.ts';
import {
  companionWrites,
  planCompanions,
  removals,
  type Companions,
  type CompanionWrite,
} from '../companions/index.ts';
import type { Facts } from '../facts/facts.ts';
import type { Action, RefusedWrite, Snapshot } from '../model.ts';
import { optional } from '../actions.ts';

/** What follows the canary of one release, and what prevents that. */
export interface Following {
  /** brings the copies to their wanted state; a write that was just refused is left out for a while */
  actions: Action[];
  /** the writes left out that may succeed when they are tried again */
  again: Action[];
  refusals: Refusal[];
}

const RIGHTS = 'get, list, watch, create, patch and delete';

/** Nothing has to follow where no traffic moves. */
export function following(facts: Facts, release: Release): Following {
  const { traffic, canary } = release.spec;
  const name = release.metadata.name;
  const plan = traffic && companions(facts, { release: name, template: canary.template, traffic });
  if (plan === undefined) return { actions: [], again: [], refusals: [] };
  const { snapshot, maker } = facts;
  const writes = companionWrites(maker, plan.wanted, snapshot.attached);
  return {
    actions: actionsOf(writes.filter(({ id }) => !(id in snapshot.refused))),
    again: actionsOf(writes.filter(({ id }) => snapshot.refused[id]?.kind === 'transient')),
    refusals: [...plan.refusals, ...unknownKinds(snapshot), ...refusedWrites(writes, snapshot)],
  };
}

/** Before a release begins: what cannot follow, and a dry run of the copies that would be made. */
export function rehearsal(
  facts: Facts,
  template: JsonObject,
  traffic: NonNullable<ReleaseSpec['traffic']>,
): Following {
  const plan = companions(facts, { release: '', template, traffic });
  if (plan === undefined) return { actions: [], again: [], refusals: [] };
  const { snapshot, maker } = facts;
  const creations = companionWrites(maker, plan.wanted, snapshot.attached).flatMap((each) =>
    each.write.verb === 'create' ? [{ ...each, write: { ...each.write, dryRun: true as const } }] : [],
  );
  return {
    actions: actionsOf(creations),
    again: [],
    refusals: [...plan.refusals, ...unknownKinds(snapshot), ...refusedWrites(creations, snapshot)],
  };
}

/** Removes the copies, once no canary pod is left. */
export function unfollow({ snapshot, maker }: Facts): Action[] {
  const left = removals(maker, snapshot.attached).filter(({ id }) => !(id in snapshot.refused));
  return optional(actionsOf(left));
}

interface Of {
  release: string;
  template: JsonObject;
  traffic: NonNullable<ReleaseSpec['traffic']>;
}

function companions({ snapshot, target }: Facts, { release, template, traffic }: Of): Companions | undefined {
  if (target === undefined) return undefined;
  const { service, canaryService } = traffic;
  const both = service === undefined || canaryService === undefined ? undefined : { service, canaryService };
  return planCompanions({
    target: target.object,
    template,
    release,
    rewrite: traffic.rewrite as Rewrite,
    service: both && { stable: serviceNamed(both.service, snapshot), canary: both.canaryService },
    attached: snapshot.attached,
    elsewhere: snapshot.elsewhere,
  });
}

/** A Service that was deleted during a release still has its name. */
const serviceNamed = (name: string, { services }: Snapshot): KubeObject =>
  services.find((each) => each.metadata.name === name) ?? {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
  };

/**
 * A refusal is remembered and does not end the pass: it must neither stop the judging of a canary with traffic nor
 * prevent the end of a release.
 */
const actionsOf = (writes: readonly CompanionWrite[]): Action[] =>
  writes.map(({ id, why, write }) => ({ do: 'write', why, write, onRefusal: { then: 'stop', name: id } }));

function unknownKinds({ forbidden, key }: Snapshot): Refusal[] {
  return forbidden.map(({ plural, group }) => ({
    reason: REASON.Forbidden,
    sentence: `${plural}.${group} may not be listed in namespace ${key.namespace}, so it is not known which of them the canary needs; give Sluice ${RIGHTS} of them (docs/operations.md, Permissions).`,
  }));
}

function refusedWrites(writes: readonly CompanionWrite[], { refused }: Snapshot): Refusal[] {
  return writes.flatMap(({ id, write, why }) => {
    const answer: RefusedWrite | undefined = refused[id];
    // A copy that cannot be deleted yet takes no protection away; and a transient failure of the server is not a
    // refusal.
    return answer === undefined || answer.kind === 'transient' || write.verb === 'delete'
      ? []
      : [{ ...saidOf(answer), sentence: sentenceOf(why, answer) }];
  });
}

const saidOf = ({ kind }: RefusedWrite) => ({
  reason: kind === 'right' ? REASON.Forbidden : REASON.Refused,
});

function sentenceOf(why: string, { kind, message }: RefusedWrite): string {
  const remedy =
    kind === 'right'
      ? `give Sluice ${RIGHTS} of that kind, or correct the admission policy that refuses it`
      : 'it is tried again';
  return `The API server does not let Sluice ${why}: ${message}; ${remedy}.`;
}
