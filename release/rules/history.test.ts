import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { aSnapshot, aTarget, doing, replicaSet } from '../../test/support/builders.ts';
import { initial } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';

/** An ended Release, made this many seconds before the newest. */
function ended(seconds: number): KubeObject {
  const release = initial();
  const creationTimestamp = new Date(Date.UTC(2020, 0, 1) - seconds * 1000).toISOString();
  return {
    ...release,
    metadata: { ...release.metadata, name: `old-${seconds}`, uid: `r${seconds}`, creationTimestamp },
  };
}

describe('ended Releases beyond the limit', () => {
  const many = Array.from({ length: 500 }, (_, i) => ended(i + 1));

  it('are deleted a few in each pass, the oldest first', () => {
    const deleted = doing(decide(aSnapshot([aTarget(), ...replicaSet('web:1'), initial(), ...many])));
    expect(deleted).toHaveLength(20);
    expect(deleted.at(-1)).toContain('old-500');
    expect(deleted.at(0)).toContain('old-481');
  });
});
