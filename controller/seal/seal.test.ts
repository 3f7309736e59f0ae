import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { RESOURCES } from '../../api/resources.ts';
import type { Write } from '../../api/writes.ts';
import { aRelease } from '../../test/support/release-builders.ts';
import { Seal } from './seal.ts';
import { firstSeal, renewals, resealed } from './writes.ts';

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);
const seal = new Seal([NEW, OLD]);

function sealedBy(by: Seal, release = aRelease()): KubeObject {
  const annotations = { ...release.metadata.annotations, 'sluice.dev/seal': by.of(release) ?? '' };
  return { ...release, metadata: { ...release.metadata, annotations } };
}

const edited = (change: (draft: KubeObject) => void): KubeObject => {
  const draft = structuredClone(sealedBy(seal));
  change(draft);
  return draft;
};
const annotate = (name: string, value: string) => (draft: KubeObject) => {
  draft.metadata.annotations = { ...draft.metadata.annotations, [name]: value };
};

describe('a seal', () => {
  it('stands while the record is as the controller wrote it, by each key, and says which of them it is', () => {
    expect(seal.standingOf(sealedBy(seal))).toBe('sealed');
    expect(seal.standingOf(sealedBy(new Seal([OLD])))).toBe('aging');
    expect(seal.standingOf(sealedBy(new Seal([Buffer.alloc(32, 3)])))).toBe('unsealed');
    expect(seal.standingOf(aRelease())).toBe('unsealed');
    expect(new Seal([]).standingOf(sealedBy(seal))).toBe('unsealed');
  });

  it.each<[string, (draft: KubeObject) => void]>([
    ['an order of a human', (draft) => (draft.spec = { ...draft.spec, intent: 'Abort' })],
    ['a step that a human lets go on', annotate('sluice.dev/resumed-step', '1')],
    ['an annotation of somebody else', annotate('example.org/x', 'y')],
    ['a finalizer, which deletion takes off', (draft) => delete draft.metadata.finalizers],
    ['the status', (draft) => (draft.status = {})],
    [
      'the order of keys',
      (draft) => (draft.spec = Object.fromEntries(Object.entries(draft.spec!).reverse())),
    ],
  ])('is left whole by %s', (_what, change) => {
    expect(seal.standingOf(edited(change))).toBe('sealed');
  });

  it.each<[string, (draft: KubeObject) => void]>([
    ['a template', (draft) => (draft.spec = { ...draft.spec, canary: { template: {} } })],
    ['a field more', (draft) => (draft.spec = { ...draft.spec, more: 1 })],
    ['a template to be put back', annotate('sluice.dev/set-aside', '{}')],
    ['what a route held', annotate('sluice.dev/route-originals', '{}')],
    ['an annotation of ours that nobody knows', annotate('sluice.dev/whatever', '')],
    ['another namespace', (draft) => (draft.metadata.namespace = 'elsewhere')],
    ['another object', (draft) => (draft.metadata.uid = 'uid-other')],
    ['no seal', (draft) => delete draft.metadata.annotations!['sluice.dev/seal']],
  ])('is broken by %s', (_what, change) => {
    expect(seal.standingOf(edited(change))).toBe('unsealed');
  });
});

const ref = { resource: RESOURCES.releases, namespace: 'shop', name: 'web-5' };

describe('a write of the controller to a Release', () => {
  const apply = (patch: JsonObject): Write => ({ verb: 'mergePatch', ref, patch });
  const base = sealedBy(seal);

  it.each<[string, Write, (draft: KubeObject) => void]>([
    [
      'an annotation that goes',
      apply({ metadata: { annotations: { 'sluice.dev/route-originals': null }, resourceVersion: '70' } }),
      (draft) => delete draft.metadata.annotations!['sluice.dev/route-originals'],
    ],
    [
      'an annotation that comes',
      apply({ metadata: { annotations: { 'sluice.dev/set-aside': '{}' } } }),
      annotate('sluice.dev/set-aside', '{}'),
    ],
    [
      'a field of the record',
      { verb: 'jsonPatch', ref, patch: [{ op: 'add', path: '/spec/policy', value: { steps: [] } }] },
      (draft) => (draft.spec = { ...draft.spec, policy: { steps: [] } }),
    ],
  ])(
    'carries the seal of what it makes, held to the version it was computed for: %s',
    (_what, write, change) => {
      const sent = JSON.stringify(resealed(write, seal, [base]));
      const wanted = structuredClone(base);
      change(wanted);
      expect(sent).toContain(seal.of(wanted));
      expect(sent).toContain('"70"');
    },
  );

  it('seals nothing that was not sealed, no status and no other kind', () => {
    const write = apply({ metadata: { annotations: { 'sluice.dev/set-aside': null } } });
    expect(resealed(write, seal, [aRelease()])).toBe(write);
    expect(resealed(write, seal, [])).toBe(write);
    const status: Write = { ...(write as Extract<Write, { verb: 'mergePatch' }>), subresource: 'status' };
    expect(resealed(status, seal, [base])).toBe(status);
    const other: Write = { verb: 'mergePatch', ref: { ...ref, resource: RESOURCES.deployments }, patch: {} };
    expect(resealed(other, seal, [base])).toBe(other);
    expect(firstSeal({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', uid: 'u' } }, seal)).toBe(
      undefined,
    );
  });

  it('brings seals by an older key up to date, and only those', () => {
    const aging = sealedBy(new Seal([OLD]), aRelease({ name: 'web-3' }));
    const [renewal, ...more] = renewals([base, aging, aRelease({ name: 'web-2' })], seal);
    expect(more).toEqual([]);
    expect(renewal).toMatchObject({ ref: { name: 'web-3' } });
    expect(JSON.stringify(renewal)).toContain(seal.of(aging));
  });
});
