import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { isTerminal } from '../../api/conditions.ts';
import { ANNOTATION } from '../../api/names.ts';
import { defaultPolicy, parsePolicy } from '../../api/kinds/policy/policy.ts';
import { parseRelease } from '../../api/kinds/release/release.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import type { ReleasePolicy } from '../../api/kinds/policy/policy.ts';
import type { Phase, Withdrawal } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { withoutTrouble } from '../status/trouble.ts';
import { asString, getObject, getString, getStringMap } from '../../lib/json.ts';

export function phaseOf(release: Release): Phase {
  return release.status?.phase ?? 'Pending';
}

export function isEnded(release: Release): boolean {
  return isTerminal(phaseOf(release));
}

/** The Releases that can be read, newest first, and the names of those that cannot. */
export function readReleases(raw: readonly KubeObject[]): { releases: Release[]; unreadable: string[] } {
  const releases: Release[] = [];
  const unreadable: string[] = [];
  for (const each of raw) {
    const parsed = parseRelease(each);
    if (parsed.ok) releases.push(untroubled(parsed.value));
    else unreadable.push(each.metadata.name);
  }
  return { releases, unreadable };
}

/** Rules decide by the state of the release itself, without the obstacle that was shown over it. */
const untroubled = (release: Release): Release =>
  release.status?.trouble === undefined ? release : { ...release, status: withoutTrouble(release.status) };

export interface StableRecord {
  template: JsonObject;
  replicaSet: string;
}

/** What serves, or should serve, users according to a Release: its own template once that became stable. */
export function stableAfter(release: Release): StableRecord {
  const { stable, canary } = release.spec;
  const replicaSet = release.status?.replicaSet;
  return replicaSet === undefined || replicaSet === stable.replicaSet
    ? stable
    : { replicaSet, template: canary.template };
}

/**
 * How a release that is taken back ends. A status from before `withdrawal` existed says only that it is taken back. Its
 * template is then held like one that a human rejected, and nothing is written back automatically.
 */
export const withdrawalOf = ({ status }: Release): Withdrawal =>
  status?.withdrawal ?? { endsAs: 'Aborted', turnedDown: true };

/**
 * The evidence, a human or the data plane rejected this template: it is not tried again by itself. A release that ended
 * Aborted counts only until the target has gone back to stable (the idle rules remove targetGeneration then). A human
 * may order another try.
 */
export function wasTurnedDown(release: Release): boolean {
  const phase = phaseOf(release);
  if (release.metadata.annotations?.[ANNOTATION.retry] !== undefined) return false;
  const held = release.status?.targetGeneration !== undefined;
  const aborted = phase === 'Aborted' && withdrawalOf(release).turnedDown && held;
  return phase === 'RolledBack' || aborted;
}

/** The release was being promoted when it was taken back. */
export const wasUndone = (release: Release): boolean =>
  phaseOf(release) !== 'Promoted' && release.status?.promotionStartedAt !== undefined;

/**
 * The policy with which a Release began. An unreadable record must not stop a rollback, so the defaults replace it
 * there; `readable` says whether the release may also continue.
 */
export function recordedPolicy(release: Release): { policy: ReleasePolicy; readable: boolean } {
  const parsed = parsePolicy(release.spec.policy);
  return parsed.ok && Object.keys(release.spec.policy).length > 0
    ? { policy: parsed.value, readable: true }
    : { policy: defaultPolicy(), readable: false };
}

/** The bound templates with which a Release began; undefined if one of them cannot be read. */
export function recordedTemplates(release: Release): BoundTemplate[] | undefined {
  const bound = release.spec.analysis.map((wire): BoundTemplate | undefined => {
    const parsed = parseTemplate(getObject(wire, 'spec'));
    const template = getString(wire, 'template');
    if (!parsed.ok || template === undefined) return undefined;
    return {
      use: { template, args: getStringMap(wire, 'args') },
      template: parsed.value,
      ...(wire['shared'] === true ? { shared: true } : {}),
    };
  });
  const read = bound.filter((each) => each !== undefined);
  return read.length === bound.length && read.length > 0 ? read : undefined;
}

/** The newer template that was removed from the target so that this release could end. */
export function setAsideOf(release: Release): JsonObject | undefined {
  const text = asString(release.metadata.annotations?.[ANNOTATION.setAside]);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
