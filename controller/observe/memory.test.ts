import { expect, it } from 'vitest';
import { NOW, podTemplate, UID } from '../../test/support/builders.ts';
import { aRelease, initial } from '../../test/support/release-builders.ts';
import { Memory } from './memory.ts';

const HOUR_MS = 3_600_000;
const first = initial();
const going = aRelease({ images: ['web:1', 'web:2'] });

it('remembers for an hour what the newest Release of a target called stable', () => {
  const memory = new Memory();
  memory.seen('shop/web', [going, first], NOW);
  const known = memory.seen('shop/web', [], NOW + HOUR_MS);
  expect(known).toMatchObject({
    uid: UID,
    stable: { replicaSet: 'web-web-1', template: podTemplate('web:1') },
  });
  expect(memory.seen('shop/web', [], NOW + HOUR_MS + 1)).toBeUndefined();
});

it('keeps what was said last where a Release cannot be read', () => {
  const memory = new Memory();
  memory.seen('shop/web', [first], NOW);
  const damaged = { ...going, spec: {} };
  expect(memory.seen('shop/web', [damaged, first], NOW)?.stable.replicaSet).toBe('web-web-1');
});

it('remembers a thousand targets, those seen last', () => {
  const memory = new Memory();
  for (let index = 0; index < 1_001; index += 1) memory.seen(`shop/${index}`, [first], NOW);
  expect([memory.seen('shop/0', [], NOW), memory.seen('shop/1', [], NOW)?.uid]).toEqual([undefined, UID]);
});

it('remembers since when a target serves nobody only from one pass to the next', () => {
  const memory = new Memory();
  memory.saw('shop/web', { sinceMs: NOW, changedMs: NOW });
  expect([memory.unserved('shop/web')?.sinceMs, memory.unserved('shop/api')]).toEqual([NOW, undefined]);
  memory.saw('shop/web', undefined);
  expect(memory.unserved('shop/web')).toBeUndefined();
});
