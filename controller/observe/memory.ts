import type { TargetKey } from '../../api/target-key.ts';
import type { KubeObject } from '../../api/kube.ts';
import { readReleases, stableAfter } from '../../release/facts/records.ts';
import type { LastStable, Unserved } from '../../release/model.ts';

/** A user who deletes a target to replace it creates it again within this time. */
const REMEMBERED_MS = 60 * 60_000;
const MOST = 1_000;

/** What this process remembers about targets and no Release records. A restart forgets it. */
export class Memory {
  readonly #unserved = new Map<TargetKey, Unserved>();
  /**
   * The Releases of a Deployment are deleted with it, perhaps before its successor of the same name is seen. So what
   * they called stable is remembered for an hour, for the thousand targets seen last. By target; the target seen last
   * comes last.
   */
  readonly #of = new Map<TargetKey, LastStable & { seenMs: number }>();

  /** Notes what the newest Release calls stable. If there is no Release, returns what the last one said. */
  seen(target: TargetKey, [newest]: readonly KubeObject[], nowMs: number): LastStable | undefined {
    const [release] = newest === undefined ? [] : readReleases([newest]).releases;
    if (release !== undefined) {
      this.#of.delete(target);
      this.#of.set(target, { uid: release.spec.target.uid, stable: stableAfter(release), seenMs: nowMs });
    }
    this.#forget(nowMs);
    return this.#of.get(target);
  }

  unserved(target: TargetKey): Unserved | undefined {
    return this.#unserved.get(target);
  }

  /** Notes, after each pass, what it said about a target without ready pods. */
  saw(target: TargetKey, unserved: Unserved | undefined): void {
    if (unserved === undefined) this.#unserved.delete(target);
    else this.#unserved.set(target, unserved);
  }

  #forget(nowMs: number): void {
    for (const [target, { seenMs }] of this.#of) {
      if (this.#of.size <= MOST && nowMs - seenMs <= REMEMBERED_MS) return;
      this.#of.delete(target);
    }
  }
}
