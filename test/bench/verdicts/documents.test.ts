import { describe, expect, test } from 'vitest';
import { fill } from './documents.ts';
import { barChart, lineChart, scale } from './svg.ts';

const document = 'before\n<!-- bench:verdicts a -->\nold\n<!-- /bench:verdicts a -->\nafter';

describe('a region of a document', () => {
  test('is replaced, and nothing else', () => {
    const want = 'before\n<!-- bench:verdicts a -->\n\n$& new\n\n<!-- /bench:verdicts a -->\nafter';
    expect(fill(document, { a: '$& new' })).toBe(want);
    expect(fill(fill(document, { a: 'x' }), { a: '$& new' })).toBe(want);
  });

  test('that has no place is an error, and so is a place that nobody fills', () => {
    expect(() => fill(document, { a: '', b: '' })).toThrow('no region "b"');
    expect(() => fill(document, {})).toThrow('"a" that nobody fills');
  });
});

describe('charts', () => {
  const axis = { title: 'a < b', min: 1, max: 100, log: true, ticks: [[10, '10']] } as const;

  test('scale values, by their logarithm if asked, and keep them inside', () => {
    const at = scale(axis, 0, 200);
    expect([1, 10, 100, 1000, 0.1].map(at)).toEqual([0, 100, 200, 200, 0]);
  });

  test('escape text and draw each line once', () => {
    const points = [
      { x: 1, y: 1 },
      { x: 100, y: 10 },
    ];
    const line = { title: 'one & two', colour: 'blue', points } as const;
    const svg = lineChart('t', 'd', { x: axis, y: axis, lines: [line, line] });
    expect(svg).toContain('a &lt; b');
    expect(svg.match(/<polyline/g)).toHaveLength(2);
    expect(svg.match(/one &amp; two/g)).toHaveLength(1);
    expect(svg).toContain('points="70,360 840,212"');
  });

  test('show a line in the legend as it is drawn, and say that an axis is logarithmic', () => {
    const points = [{ x: 1, y: 1 }];
    const lines = [
      { title: 'plain', colour: 'blue', points },
      { title: 'broken', colour: 'red', points, dashed: true },
    ] as const;
    const svg = lineChart('t', 'd', { x: axis, y: { ...axis, log: false }, lines });
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(2);
    expect(svg.match(/a &lt; b, logarithmic/g)).toHaveLength(1);
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  test('write the value above each bar', () => {
    const bars = [{ title: 'm', colour: 'red', values: [1, 100] }] as const;
    const svg = barChart('t', 'd', { y: axis, groups: ['a', 'b'], bars, write: (value) => `${value} %` });
    expect(svg.match(/>100 %</g)).toHaveLength(1);
    expect(svg.match(/<rect x/g)).toHaveLength(3);
  });
});
