import { getString } from '../lib/json.ts';
import type { ObjectMeta } from './kube.ts';

/**
 * The Releases of one target, newest first, as a new list. Releases of one Deployment are ordered by the numbers in their
 * names (the generation of the change, and the attempt), because creation times have whole seconds and come from the
 * clocks of several API servers. Releases of different Deployments that had the same name one after the other are ordered
 * by time.
 */
export function newestFirst<T extends { metadata: ObjectMeta }>(releases: readonly T[]): T[] {
  const bornMs = new Map<string, number>();
  for (const release of releases) {
    const uid = uidOf(release);
    bornMs.set(uid, Math.max(bornMs.get(uid) ?? 0, createdMs(release)));
  }
  const ageOf = (release: T): number => bornMs.get(uidOf(release)) ?? 0;
  return releases.toSorted(
    (a, b) =>
      ageOf(b) - ageOf(a) ||
      uidOf(b).localeCompare(uidOf(a)) ||
      numberOf(b, 1) - numberOf(a, 1) ||
      numberOf(b, 2) - numberOf(a, 2) ||
      createdMs(b) - createdMs(a) ||
      b.metadata.name.localeCompare(a.metadata.name),
  );
}

function uidOf(release: unknown): string {
  return getString(release, 'spec', 'target', 'uid') ?? '';
}

function createdMs({ metadata }: { metadata: ObjectMeta }): number {
  return Date.parse(metadata.creationTimestamp ?? '') || 0;
}

/** "shop-17-r2": 1 = the generation, 2 = the attempt */
function numberOf({ metadata }: { metadata: ObjectMeta }, part: 1 | 2): number {
  return Number(/-(\d+)(?:-r(\d+))?$/.exec(metadata.name)?.[part] ?? 0);
}
