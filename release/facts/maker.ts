import { getString } from '../../lib/json.ts';
import type { Maker } from '../canary/index.ts';
import type { Snapshot } from '../model.ts';

/**
 * The owner of what was made for this target: the live Deployment, and those of its name that a Release speaks of, which
 * were deleted since and may have left something behind.
 */
export function makerIn({ key, target, releases, unsealed }: Snapshot): Maker {
  // What a Deployment that is gone has left goes with it, whoever says so.
  const told = target === undefined ? [...releases, ...unsealed] : releases;
  const recorded = told.map((release) => getString(release, 'spec', 'target', 'uid'));
  const uids = [target?.metadata.uid, ...recorded].filter((uid) => uid !== undefined);
  return { name: key.name, uids: [...new Set(uids)] };
}
