import type { JsonObject } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { templatesEqual } from '../canary/index.ts';
import { phaseOf } from '../facts/records.ts';
import type { Facts } from '../facts/facts.ts';

/**
 * A template that was stable, and the release that made it so; without a release it was stable before the oldest
 * record.
 */
interface Stood {
  template: JsonObject;
  by?: Release;
}

/**
 * The release that made the template of `active` stable, if going to that template is going back: it was stable before
 * the present one, within the policy's window, and was not withdrawn since. A version that was left by going back
 * counts as withdrawn.
 */
export function knownGood(facts: Facts, active: Release): Release | undefined {
  const { target, rules } = facts;
  if (target === undefined || rules === undefined) return undefined;
  const older = facts.releases.slice(1).filter((release) => release.spec.target.uid === target.uid);
  const before = stableVersions(older)
    .filter(({ template }) => !templatesEqual(template, active.spec.stable.template))
    .slice(-rules.policy.rollbackWindow.revisions);
  const found = before.find(({ template }) => templatesEqual(template, target.template));
  return found?.by !== undefined && phaseOf(found.by) === 'Promoted' ? found.by : undefined;
}

/** The stable versions one after the other, without those that were withdrawn; the last is stable now. */
function stableVersions(newestFirst: readonly Release[]): Stood[] {
  const [oldest] = newestFirst.slice(-1);
  if (oldest === undefined) return [];
  return newestFirst.toReversed().reduce(after, [{ template: oldest.spec.stable.template }]);
}

function after(stood: readonly Stood[], release: Release): Stood[] {
  const { stable, canary } = release.spec;
  const without = (template: JsonObject, from = stood) =>
    from.filter((each) => !templatesEqual(each.template, template));
  switch (phaseOf(release)) {
    case 'Promoted':
    case 'Escaped': {
      const left = backTo(stood, canary.template);
      // A record of an earlier version has no `promotedFor`, so it may also be of a way back.
      const { promotedFor = 'KnownGood' } = release.status ?? {};
      const kept = promotedFor === 'KnownGood' ? without(stable.template, left) : left;
      return [...kept, { template: canary.template, by: release }];
    }
    case 'RolledBack':
    case 'Aborted':
      return without(canary.template);
    default:
      return [...stood];
  }
}

/** The versions that were stable before this template was: going back to it leaves all that came after it. */
function backTo(stood: readonly Stood[], template: JsonObject): Stood[] {
  const index = stood.findIndex((each) => templatesEqual(each.template, template));
  return stood.slice(0, index < 0 ? stood.length : index);
}
