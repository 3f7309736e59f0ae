import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { toJson, toYaml } from './format/document.ts';
import { printing } from './printing.ts';

const ESC = '\u001b';
const SECRET = '123456789012';

describe('a printed line', () => {
  it('is painted where we paint, and nowhere else', () => {
    const { paint, line } = printing(true, SECRET);
    expect(line(`${paint('red', 'bad')} ${ESC}[32mlooks fine${ESC}[0m`)).toBe(
      `${ESC}[31mbad${ESC}[0m \\u{1b}[32mlooks fine\\u{1b}[0m`,
    );
  });

  it('shows text that pretends to be painted by us as it is', () => {
    const theirs = printing(true, '210987654321').paint('green', 'Promoted');
    expect(printing(true, SECRET).line(theirs)).not.toContain(ESC);
  });

  it('is one line, of bounded length, and its colours end', () => {
    const { paint, line } = printing(true, SECRET);
    expect(line('a\nb')).toBe('a\\u{a}b');
    const long = line(`${paint('red', 'x'.repeat(1e6))} end`);
    expect(long.length).toBeLessThan(8_100);
    expect(long.endsWith(`…${ESC}[0m`)).toBe(true);
  });

  it('has no colours where nobody sees them', () => {
    const { paint, line } = printing(false, SECRET);
    expect(line(paint('red', 'bad'))).toBe('bad');
  });

  it('is as wide with marks as without', () => {
    const { paint } = printing(true, SECRET);
    expect(stripVTControlCharacters(paint('bold', 'wide'))).toBe('wide');
  });

  it('never holds a character that steers a terminal but our own colours', () => {
    const hostile = fc.constantFrom(
      ...[
        '\u001b',
        '\u009b',
        '[',
        ']',
        '8',
        ';',
        '31',
        'm',
        '\n',
        '\r',
        '\t',
        '\u0007',
        '\u202e',
        '\u2066',
        '1234',
      ],
    );
    const { paint, line } = printing(true, SECRET);
    fc.assert(
      fc.property(fc.array(hostile), fc.array(hostile), (painted, plain) => {
        const printed = line(paint('cyan', painted.join('')) + plain.join(''));
        const [, coloured = '', rest = ''] =
          new RegExp(`^${ESC}\\[36m(.*)${ESC}\\[0m(.*)$`, 'su').exec(printed) ?? [];
        expect(printed.length).toBeGreaterThan(0);
        expect(coloured + rest).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
      }),
    );
  });
});

describe('a document for machines', () => {
  const value = {
    image: `web:2${ESC}[8m`,
    note: 'turned \u202e',
    lines: 'a\nb',
    list: [1, null, { x: 'y: z' }],
  };

  it.each([
    { format: 'JSON', document: toJson(value, 2), read: JSON.parse as (text: string) => unknown },
    { format: 'YAML', document: toYaml(value), read: parse as (text: string) => unknown },
  ])('in $format holds what it was made of, and no character that steers', ({ document, read }) => {
    expect(read(document)).toEqual(value);
    expect(document).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}/u);
  });
});
