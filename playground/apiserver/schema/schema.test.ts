import { describe, expect, it } from 'vitest';
import { builtinSchema } from './builtin.ts';
import { decode, DecodeError } from './decode.ts';
import { canonicalQuantity } from './quantity.ts';

describe('canonicalQuantity', () => {
  it.each([
    ['0.5', '500m'],
    ['1000m', '1'],
    ['1024Mi', '1Gi'],
    ['1.5Gi', '1536Mi'],
    ['100Mi', '100Mi'],
    ['1500m', '1500m'],
    ['2k', '2k'],
    ['1e3', '1k'],
    ['-1', '-1'],
    ['0Mi', '0'],
    [2, '2'],
    ['nope', undefined],
    ['1Xi', undefined],
  ])('%s becomes %s', (source, want) => {
    expect(canonicalQuantity(source)).toBe(want);
  });
});

describe('decode', () => {
  const schema = builtinSchema('V1Deployment');

  it('drops unknown fields and tells their paths', () => {
    const source = {
      spec: { bogus: 1, template: { spec: { containers: [{ name: 'a', imagePullPolcy: 'x' }] } } },
    };
    const { value, unknown } = decode(schema, source);
    expect(unknown).toEqual(['spec.bogus', 'spec.template.spec.containers[0].imagePullPolcy']);
    expect(value).toEqual({ spec: { template: { spec: { containers: [{ name: 'a' }] } } } });
  });

  it('leaves out what Go leaves out: null, empty lists and maps, zero values kept by value', () => {
    const source = {
      metadata: { labels: {}, annotations: null },
      spec: { paused: false, replicas: 0, minReadySeconds: 0 },
    };
    expect(decode(schema, source).value).toEqual({ metadata: {}, spec: { replicas: 0 } });
  });

  it('writes times in UTC and quantities in canonical form', () => {
    const lease = decode(builtinSchema('V1Lease'), {
      spec: { renewTime: '2001-06-01T12:00:00.000001+02:00' },
    });
    expect(lease.value).toEqual({ spec: { renewTime: '2001-06-01T10:00:00.000001Z' } });
    const container = { name: 'a', resources: { limits: { cpu: 1, memory: '1024Mi' } } };
    expect(decode(builtinSchema('V1Pod'), { spec: { containers: [container] } }).value).toEqual({
      spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1', memory: '1Gi' } } }] },
    });
  });

  it.each([
    [{ spec: { replicas: 'three' } }, 'spec.replicas'],
    [{ spec: { replicas: 1.5 } }, 'spec.replicas'],
    [{ spec: { template: [] } }, 'spec.template'],
    [{ metadata: { labels: { a: 1 } } }, 'metadata.labels.a'],
    [{ metadata: { creationTimestamp: 'yesterday' } }, 'metadata.creationTimestamp'],
  ])('refuses %j and names the field', (source, field) => {
    expect(() => decode(schema, source)).toThrow(DecodeError);
    expect(() => decode(schema, source)).toThrow(field);
  });
});
