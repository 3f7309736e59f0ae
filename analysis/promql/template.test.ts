import { describe, expect, test } from 'vitest';
import { PRESETS } from '../../providers/index.ts';
import { flawIn } from './template.ts';

describe('a query template is judged before its variables have values', () => {
  test.each([
    'sum(rate(requests{namespace="{{namespace}}",pod=~"{{pods}}"}[{{interval}}]))',
    '{{args.metric}}_total{a="{{args.a}}"}',
    'topk({{args.count}}, x)',
    'x > {{args.limit}}',
    'x offset {{args.ago}}',
    'rate(x[1{{args.unit}}])',
    'sum by ({{args.label}}) (x)',
    // only the value decides whether this is right
    '{{args.aggregation}} by (a) (x)',
    'scalar(x) / 2',
  ])('%s', (query) => {
    expect(flawIn(query)).toBeUndefined();
  });

  test.each([
    ['sum(rate(x[{{interval}}])', 'is not PromQL: ends too early (at character 26)'],
    ['sum(x)\n/ sum(y))', 'is not PromQL: ")" is unexpected (at line 2, character 9)'],
    ['x{pod=~"{{pods}}"} b', 'is not PromQL: "b" is unexpected (at character 20)'],
    [
      'rate(x{a="{{target}}"})',
      'is not PromQL: rate() needs a range, like x[5m], and this is an instant vector (at character 6)',
    ],
    ['averge(x)', 'is not PromQL: "averge" is not a function (at character 1)'],
    ['x[5m]', 'returns a range, not a value for each series'],
    ['"x"', 'returns text, not a number'],
  ])('%s', (query, message) => {
    expect(flawIn(query)?.message).toBe(message);
  });

  test('shows the place and not the whole query', () => {
    const long = `sum(${'a'.repeat(60)}) by (b c) + ${'d'.repeat(60)}`;
    expect(flawIn(long)?.excerpt).toBe(`…${'a'.repeat(22)}) by (b c) + ${'d'.repeat(25)}…`);
  });

  test('every query that Sluice brings along is PromQL', () => {
    const texts = (part: object | undefined): string[] =>
      Object.values(part ?? {}).flatMap((value: unknown) =>
        typeof value === 'string' ? [value] : texts(value as object),
      );
    const all = PRESETS.flatMap(({ errorRate, latency, requests }) =>
      texts({ errorRate, latency, requests }),
    );
    expect(all.length).toBeGreaterThan(30);
    expect(all.filter((query) => flawIn(query) !== undefined)).toEqual([]);
  });
});
