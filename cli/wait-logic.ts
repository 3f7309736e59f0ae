import { getObject } from '../lib/json.ts';
import type { KubeObject } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { ANNOTATION } from '../api/names.ts';
import type { Phase, ReleaseStatus } from '../api/kinds/release/status.ts';
import type { Release } from '../api/kinds/release/release.ts';
import { templatesEqual } from '../release/canary/template.ts';
import { isEnded, setAsideOf, stableAfter, wasTurnedDown } from '../release/facts/records.ts';
import { EXIT } from './io.ts';

/** What `sluice wait` waits for: the fate of this template of this Deployment object. */
export interface Pin {
  uid: string;
  template: JsonObject;
}

export type WaitOutcome = Exclude<keyof typeof EXIT, 'usage' | 'interrupted'>;

export interface WaitResult {
  outcome: WaitOutcome;
  /** reason of the release, if a release decided the result */
  reason?: string;
  /** one sentence */
  sentence: string;
}

/** What is known now; `releases` are the target's, newest first. */
export interface WaitView {
  target: KubeObject | undefined;
  releases: readonly Release[];
}

const BY_PHASE: Partial<Record<Phase, WaitOutcome>> = {
  Promoted: 'promoted',
  RolledBack: 'rolledBack',
  Aborted: 'aborted',
  Superseded: 'superseded',
  Escaped: 'escaped',
  Blocked: 'blocked',
  Waiting: 'needsHuman',
};

export function pinOf(target: KubeObject): Pin {
  return { uid: target.metadata.uid ?? '', template: getObject(target, 'spec', 'template') ?? {} };
}

/**
 * The release that says what happens to the pinned template: the newest one of the target, if it is for that template. An
 * older release for the same template does not count, because then a new attempt will follow.
 */
export function pinnedRelease(pin: Pin, view: WaitView): Release | undefined {
  const newest = newestOf(pin, view);
  return newest !== undefined && templatesEqual(newest.spec.canary.template, pin.template)
    ? newest
    : undefined;
}

/** The end of the wait, or undefined while it continues. */
export function judgeWait(pin: Pin, view: WaitView): WaitResult | undefined {
  const { target } = view;
  if (target === undefined) return { outcome: 'gone', sentence: 'The Deployment was deleted.' };
  if (target.metadata.uid !== pin.uid) {
    return { outcome: 'gone', sentence: 'The Deployment was deleted and created again.' };
  }
  const release = pinnedRelease(pin, view);
  if (release === undefined) return withoutRelease(pin, { target, releases: view.releases });
  const outcome = release.status === undefined ? undefined : outcomeOf(release.status);
  if (release.status === undefined || outcome === undefined || isTriedAgain(release, pin, target)) {
    return undefined;
  }
  const { reason, message } = release.status;
  return { outcome, reason, sentence: message };
}

/** Is there no release of the template that the target has now? Then no controller has noticed the change yet. */
export function isUnnoticed(target: KubeObject, releases: readonly Release[]): boolean {
  const pin = pinOf(target);
  if (!hasOptedIn(target) || releases.some((release) => isSetAside(release, pin))) return false;
  const release = pinnedRelease(pin, { target, releases });
  if (release === undefined) return judgeWait(pin, { target, releases }) === undefined;
  return isEnded(release) && isTriedAgain(release, pin, target);
}

/** A promotion or rollback that is blocked also waits for a human. */
function outcomeOf({ phase, trouble }: ReleaseStatus): WaitOutcome | undefined {
  return BY_PHASE[phase] ?? (trouble?.needsHuman === true ? 'needsHuman' : undefined);
}

/** Did the release end because the template changed, and is the template back now? Then a new attempt will follow. */
function isTriedAgain(release: Release, pin: Pin, target: KubeObject): boolean {
  const left = release.status?.phase === 'Aborted' || release.status?.phase === 'Superseded';
  return left && !wasTurnedDown(release) && hasOptedIn(target) && isPinned(pin, target);
}

function withoutRelease(
  pin: Pin,
  view: { target: KubeObject; releases: readonly Release[] },
): WaitResult | undefined {
  const { target, releases } = view;
  // While an older release ends, Sluice takes a newer template off the target, and puts it back afterwards.
  if (releases.some((release) => isSetAside(release, pin))) return undefined;
  if (!isPinned(pin, target)) {
    return { outcome: 'superseded', sentence: 'The Deployment has another template now.' };
  }
  const newest = newestOf(pin, view);
  return newest === undefined || isEnded(newest) ? atRest(pin, view, newest) : undefined;
}

/** No release is running: either none will come, or one for the pinned template will begin soon. */
function atRest(
  pin: Pin,
  { target, releases }: { target: KubeObject; releases: readonly Release[] },
  newest: Release | undefined,
): WaitResult | undefined {
  const stable = newest === undefined ? undefined : stableAfter(newest).template;
  if (stable !== undefined && templatesEqual(stable, pin.template)) {
    return { outcome: 'promoted', sentence: 'This template is the stable one; there is nothing to release.' };
  }
  if (!hasOptedIn(target)) {
    const sentence = `The Deployment has opted out: it has no ${ANNOTATION.policy} any more.`;
    return { outcome: 'aborted', sentence };
  }
  const before = releases.find((release) => isAttempt(release, pin, stable) && wasTurnedDown(release));
  if (before === undefined) return undefined;
  const { phase, reason } = before.status ?? {};
  return {
    outcome: phase === 'Aborted' ? 'aborted' : 'rolledBack',
    ...(reason === undefined ? {} : { reason }),
    sentence: `Release ${before.metadata.name} rejected this template; Sluice does not try it again by itself.`,
  };
}

/** Is it a release of the pinned template that replaces what is stable now? */
function isAttempt(release: Release, pin: Pin, stable: JsonObject | undefined): boolean {
  return (
    release.spec.target.uid === pin.uid &&
    stable !== undefined &&
    templatesEqual(release.spec.canary.template, pin.template) &&
    templatesEqual(release.spec.stable.template, stable)
  );
}

function hasOptedIn(target: KubeObject): boolean {
  return target.metadata.annotations?.[ANNOTATION.policy] !== undefined;
}

function isPinned(pin: Pin, target: KubeObject): boolean {
  return templatesEqual(getObject(target, 'spec', 'template') ?? {}, pin.template);
}

function isSetAside(release: Release, pin: Pin): boolean {
  const template = setAsideOf(release);
  return template !== undefined && templatesEqual(template, pin.template);
}

function newestOf(pin: Pin, view: { releases: readonly Release[] }): Release | undefined {
  return view.releases.find((release) => release.spec.target.uid === pin.uid);
}
