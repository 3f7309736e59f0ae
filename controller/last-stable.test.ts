import { expect, it } from 'vitest';
import type { Release } from '../api/release.ts';
import { NOW, podTemplate, UID } from '../test/support/builders.ts';
import { aRelease, initial } from '../test/support/release-builders.ts';
import { LastStables } from './last-stable.ts';

const HOUR_MS = 3_600_000;
const first = initial() as unknown as Release;
const going = aRelease({ images: ['web:1', 'web:2'] }) as unknown as Release;

it('remembers for an hour what the newest Release of a target called stable', () => {
  const stables = new LastStables();
  stables.seen('shop/web', [going, first], NOW);
  const known = stables.seen('shop/web', [], NOW + HOUR_MS);
  expect(known).toMatchObject({
    uid: UID,
    stable: { replicaSet: 'web-web-1', template: podTemplate('web:1') },
  });
  expect(stables.seen('shop/web', [], NOW + HOUR_MS + 1)).toBeUndefined();
});

it('keeps what was said last where a Release cannot be read', () => {
  const stables = new LastStables();
  stables.seen('shop/web', [first], NOW);
  const damaged = { ...going, spec: {} } as unknown as Release;
  expect(stables.seen('shop/web', [damaged, first], NOW)?.stable.replicaSet).toBe('web-web-1');
});

it('remembers a thousand targets, those seen last', () => {
  const stables = new LastStables();
  for (let index = 0; index < 1_001; index += 1) stables.seen(`shop/${index}`, [first], NOW);
  expect([stables.seen('shop/0', [], NOW), stables.seen('shop/1', [], NOW)?.uid]).toEqual([undefined, UID]);
});
