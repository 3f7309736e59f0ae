import { getString } from '../../lib/json.ts';
import type { Maker } from '../canary/index.ts';
import type { Snapshot } from '../model.ts';

/**
 * The owners of what was made for this target: the live Deployment, and deleted Deployments of its name that a Release
 * names, which may have left objects behind.
 */
export function makerIn({ key, target, releases, unsealed }: Snapshot): Maker {
  // Once the Deployment is gone, everything it left is removed; for that even a Release without a valid seal may name
  // it.
  const told = target === undefined ? [...releases, ...unsealed] : releases;
  const recorded = told.map((release) => getString(release, 'spec', 'target', 'uid'));
  const uids = [target?.metadata.uid, ...recorded].filter((uid) => uid !== undefined);
  return { name: key.name, uids: [...new Set(uids)] };
}
