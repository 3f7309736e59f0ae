import { describe, expect, it } from 'vitest';
import { ProtobufError, readProtobuf } from './protobuf.ts';

/** A length-delimited field; lengths below 128 are one byte. */
const field = (number: number, content: string): string =>
  String.fromCharCode((number << 3) | 2, content.length) + content;
const number = (at: number, value: number): string => String.fromCharCode(at << 3, value);
const envelope = (kind: string, raw: string): string =>
  `k8s\0${field(1, field(1, 'v1') + field(2, kind))}${field(2, raw)}${field(3, '')}${field(4, '')}`;
const latin1 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

describe('readProtobuf', () => {
  it('reads names, maps, text beyond ASCII and booleans', () => {
    const data = field(2, field(1, 'key') + field(2, latin1('bé')));
    const body = envelope('ConfigMap', field(1, field(1, 'a') + field(8, '')) + data + number(4, 1));
    expect(readProtobuf(body)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a' },
      data: { key: 'bé' },
      immutable: true,
    });
  });

  it('reads lists of messages and numbers', () => {
    const container =
      field(1, 'app') + field(2, 'x:1') + field(6, number(3, 80)) + field(4, '-v') + field(4, '-x');
    const template = field(2, field(2, container));
    const body = envelope('Deployment', field(2, number(1, 3) + field(3, template)));
    expect(readProtobuf(body)['spec']).toEqual({
      replicas: 3,
      template: {
        spec: {
          containers: [{ name: 'app', image: 'x:1', ports: [{ containerPort: 80 }], args: ['-v', '-x'] }],
        },
      },
    });
  });

  it.each([
    ['a kind it has no table for', envelope('Role', '')],
    ['a field it does not know, rather than drop it', envelope('ConfigMap', field(9, 'x'))],
    ['a body cut off', envelope('ConfigMap', field(1, 'x').slice(0, 2))],
    ['a field of another type', envelope('ConfigMap', number(1, 1))],
    ['something else', '{"kind":"ConfigMap"}'],
  ])('refuses %s', (_name, body) => {
    expect(() => readProtobuf(body)).toThrow(ProtobufError);
  });
});
