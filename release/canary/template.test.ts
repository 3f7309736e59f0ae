import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../lib/json.ts';
import { templateOf, templatesEqual } from './template.ts';

const template = (metadata: JsonObject, image = 'app:1'): JsonObject => ({
  metadata,
  spec: { containers: [{ name: 'app', image, unknownField: { kept: [1, null] } }] },
});
const labels = { app: 'web' };

describe('templatesEqual', () => {
  test.each([
    ['a bare restart', template({ labels, annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } })],
    ['the hash label of a ReplicaSet', template({ labels: { ...labels, 'pod-template-hash': '5d8' } })],
    ['empty annotations', template({ labels, annotations: {} })],
    ['the null time of older API servers', template({ labels, creationTimestamp: null })],
    ['another order of keys', { spec: template({}).spec, metadata: { labels } }],
  ])('does not see %s', (_name, other) => {
    expect(templatesEqual(template({ labels }), other)).toBe(true);
    expect(templatesEqual(other, template({ labels }))).toBe(true);
  });

  test.each([
    ['another image', template({ labels }, 'app:2')],
    ['another label', template({ labels: { app: 'web', tier: 'front' } })],
    ['another annotation', template({ labels, annotations: { note: 'x' } })],
    ['an unknown field', { ...template({ labels }), later: true }],
  ])('sees %s', (_name, other) => {
    expect(templatesEqual(template({ labels }), other)).toBe(false);
  });

  test('a restart beside a real annotation does not hide it', () => {
    const restart = { 'kubectl.kubernetes.io/restartedAt': 'now' };
    const [a, b] = ['x', 'y'].map((note) => template({ labels, annotations: { ...restart, note } }));
    expect(templatesEqual(a ?? {}, b ?? {})).toBe(false);
  });
});

test('the template of a ReplicaSet loses its hash label and nothing else', () => {
  const spec = { template: template({ labels: { ...labels, 'pod-template-hash': '5d8' } }) };
  expect(templateOf({ spec })).toEqual(template({ labels }));
  expect(spec.template).toEqual(template({ labels: { ...labels, 'pod-template-hash': '5d8' } }));
});
