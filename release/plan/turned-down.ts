import type { Release } from '../../api/kinds/release/release.ts';
import { templatesEqual } from '../canary/index.ts';
import { wasTurnedDown } from '../facts/records.ts';
import type { Facts } from '../facts/facts.ts';

/** The Release in which this template was rejected, with the stable template of today. */
export function turnedDown(facts: Facts): Release | undefined {
  const { target, stable, releases, newest } = facts;
  if (target === undefined || stable === undefined) return undefined;
  return releases.find((release) => {
    if (!wasTurnedDown(release) || release.spec.target.uid !== target.uid) return false;
    const same =
      release === newest ? facts.holdsNewest : templatesEqual(target.template, release.spec.canary.template);
    return same && templatesEqual(release.spec.stable.template, stable.template);
  });
}
