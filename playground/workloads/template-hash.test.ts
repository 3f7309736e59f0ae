import { describe, expect, it } from 'vitest';
import type { PodTemplate } from './kinds.ts';
import { sameTemplate, templateHash } from './template-hash.ts';

const TEMPLATE: PodTemplate = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image: 'app:1' }], restartPolicy: 'Always' },
};

interface Case {
  name: string;
  other: PodTemplate;
  same: boolean;
}

const CASES: Case[] = [
  {
    name: 'the hash label',
    other: { ...TEMPLATE, metadata: { labels: { app: 'web', 'pod-template-hash': 'x' } } },
    same: true,
  },
  {
    name: 'empty annotations',
    other: { ...TEMPLATE, metadata: { labels: { app: 'web' }, annotations: {} } },
    same: true,
  },
  { name: 'an empty list', other: { ...TEMPLATE, spec: { ...TEMPLATE.spec, volumes: [] } }, same: true },
  {
    name: 'the order of keys',
    other: {
      spec: { restartPolicy: 'Always', containers: [{ image: 'app:1', name: 'app' }] },
      metadata: { labels: { app: 'web' } },
    },
    same: true,
  },
  {
    name: 'an annotation',
    other: { ...TEMPLATE, metadata: { labels: { app: 'web' }, annotations: { at: 'now' } } },
    same: false,
  },
  {
    name: 'an image',
    other: { ...TEMPLATE, spec: { containers: [{ name: 'app', image: 'app:2' }] } },
    same: false,
  },
  {
    name: 'an empty object',
    other: { ...TEMPLATE, spec: { ...TEMPLATE.spec, securityContext: {} } },
    same: false,
  },
];

describe('two templates that differ in', () => {
  it.each(CASES)('$name: same = $same', ({ other, same }) => {
    expect(sameTemplate(TEMPLATE, other)).toBe(same);
    expect(templateHash(TEMPLATE, 0) === templateHash(other, 0)).toBe(same);
  });
});

describe('the hash of a template', () => {
  it('spells no words', () => {
    expect(templateHash(TEMPLATE, 0)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
  });

  it('is another one after a collision', () => {
    expect(templateHash(TEMPLATE, 1)).not.toBe(templateHash(TEMPLATE, 0));
  });
});
