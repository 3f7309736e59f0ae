import type { Release } from '../api/kinds/release/release.ts';
import type { ReleaseStatus } from '../api/kinds/release/status.ts';
import { ANNOTATION } from '../api/names.ts';
import type { Facts, StableFacts } from './facts/facts.ts';
import type { WorkloadFacts } from './facts/workload.ts';

/*
 * What a pass is about: the facts, with the parts that this situation has present in their types. rules/list.ts says
 * which rules apply in which situation, and in what order.
 */

/** The target does not exist, or is being deleted. */
export interface Gone extends Facts {
  kind: 'Gone';
  active: undefined;
}

/** The same, while a release of it is running. */
export interface GoneMidRelease extends Facts {
  kind: 'GoneMidRelease';
  active: Release;
}

/** The target carries no policy annotation. */
export interface NotOptedIn extends Facts {
  kind: 'NotOptedIn';
  target: WorkloadFacts;
  active: undefined;
}

/** The policy annotation is gone, while a release is running. */
export interface OptedOutMidRelease extends Facts {
  kind: 'OptedOutMidRelease';
  target: WorkloadFacts;
  active: Release;
}

/** The target has opted in, and no Release says what serves it now. */
export interface FirstSight extends Facts {
  kind: 'FirstSight';
  target: WorkloadFacts;
  active: undefined;
}

/** The target has opted in, and a Release says what is stable. */
interface Known extends Facts {
  target: WorkloadFacts;
  newest: Release;
  stable: StableFacts;
  rules: NonNullable<Facts['rules']>;
}

/** No release is running. */
export interface Idle extends Known {
  kind: 'Idle';
  active: undefined;
}

/** A Release has to record what rolled out without one, or how another ended; nothing is tried. */
export interface Recording extends Known {
  kind: 'Recording';
  active: Release;
  /** the annotation sluice.dev/recorded-as */
  as: string;
}

/** A release that has not begun (Pending), or cannot (Blocked). */
export interface Starting extends Known {
  kind: 'Starting';
  active: Release;
}

type Begun = Release & { status: ReleaseStatus };

interface BegunRelease extends Known {
  active: Begun;
}

/** A release on its ladder: Progressing, or Waiting. */
export interface Stepping extends BegunRelease {
  kind: 'Stepping';
}

/** A release whose template becomes the stable one. */
export interface Promoting extends BegunRelease {
  kind: 'Promoting';
}

/** A release that is being taken back (RollingBack), whatever it ends as. */
export interface Leaving extends BegunRelease {
  kind: 'Leaving';
}

export interface Situations {
  Gone: Gone;
  GoneMidRelease: GoneMidRelease;
  NotOptedIn: NotOptedIn;
  OptedOutMidRelease: OptedOutMidRelease;
  FirstSight: FirstSight;
  Idle: Idle;
  Recording: Recording;
  Starting: Starting;
  Stepping: Stepping;
  Promoting: Promoting;
  Leaving: Leaving;
}

export type Kind = keyof Situations;
export type Situation = Situations[Kind];

/** The target exists, and no release is running. */
export type Between = NotOptedIn | FirstSight | Idle;
/** A release of a target that has opted in is running. */
export type UnderWay = Recording | Starting | Stepping | Promoting | Leaving;

/** What this pass is about. Each pass is about one. */
export function situationOf(facts: Facts): Situation {
  const { target, active, newest, stable, rules } = facts;
  if (target === undefined || target.deleting)
    return active === undefined
      ? { ...facts, kind: 'Gone', active }
      : { ...facts, kind: 'GoneMidRelease', active };
  if (facts.optedIn === undefined)
    return active === undefined
      ? { ...facts, kind: 'NotOptedIn', target, active }
      : { ...facts, kind: 'OptedOutMidRelease', target, active };
  if (newest === undefined || stable === undefined || rules === undefined)
    return { ...facts, kind: 'FirstSight', target, active: undefined };
  const known: Known = { ...facts, target, newest, stable, rules };
  if (active !== undefined) return underWay(known, active);
  return stable.foreign ? { ...known, kind: 'FirstSight', active } : { ...known, kind: 'Idle', active };
}

function underWay(known: Known, active: Release): Situation {
  const as = active.metadata.annotations?.[ANNOTATION.recordedAs];
  if (as !== undefined && (as === 'Recreated' || !isBegun(active)))
    return { ...known, kind: 'Recording', active, as };
  if (!isBegun(active)) return { ...known, kind: 'Starting', active };
  switch (active.status.phase) {
    case 'Progressing':
    case 'Waiting':
      return { ...known, kind: 'Stepping', active };
    case 'Promoting':
      return { ...known, kind: 'Promoting', active };
    case 'RollingBack':
      return { ...known, kind: 'Leaving', active };
    default:
      return { ...known, kind: 'Starting', active };
  }
}

const isBegun = (release: Release): release is Begun => release.status !== undefined;
