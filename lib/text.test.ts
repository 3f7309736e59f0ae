import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeJson, escapeText, oneLine, wrapWords } from './text.ts';

const ESC = '\u001b';

describe('text of others', () => {
  it.each([
    [`image ${ESC}[31mred`, 'image \\u{1b}[31mred'],
    [`title ${ESC}]0;owned\u0007`, 'title \\u{1b}]0;owned\\u{7}'],
    ['8-bit \u009b2J', '8-bit \\u{9b}2J'],
    ['turned \u202egnp.exe\u202c', 'turned \\u{202e}gnp.exe\\u{202c}'],
    ['isolated \u2066x\u2069', 'isolated \\u{2066}x\\u{2069}'],
    ['two\nlines\r', 'two\\u{a}lines\\u{d}'],
    ['half \ud800', 'half \\u{d800}'],
    ['größer → 👍', 'größer → 👍'],
  ])('is shown with what would steer a terminal written out: %j', (given, want) => {
    expect(escapeText(given)).toBe(want);
  });

  it('stays the same value in a JSON document, without a character that steers', () => {
    const characters = fc.constantFrom(
      'a',
      '"',
      '\\',
      '\n',
      '\u001b',
      '\u0085',
      '\u202e',
      '\u2028',
      '\ud83d',
      '\u007f',
    );
    fc.assert(
      fc.property(fc.array(characters), (parts) => {
        const value = { text: parts.join('') };
        const document = escapeJson(JSON.stringify(value, null, 2));
        expect(JSON.parse(document)).toEqual(value);
        expect(document).not.toMatch(/[^\P{Cc}\n]|\p{Bidi_Control}|\p{Zl}/u);
      }),
    );
  });
});

describe('a sentence of a status', () => {
  it('is one line of bounded length without a character that steers, whatever the API server said', () => {
    expect(oneLine(' exceeded quota:\n  pods=3 ')).toBe('exceeded quota: pods=3');
    expect(oneLine(`a${ESC}[2Kb\u202ec\u0007`)).toBe('a[2Kbc');
    expect(oneLine('x'.repeat(5_000)).length).toBe(1_000);
  });
});

describe('a long line', () => {
  it('is broken between words, never within one', () => {
    expect(wrapWords('canary 11.5% errors against 0.17%', 16, '  ')).toEqual([
      'canary 11.5%',
      '  errors against',
      '  0.17%',
    ]);
    expect(wrapWords('see http://a-very-long-address/that/nobody/may/cut now', 10)).toEqual([
      'see',
      'http://a-very-long-address/that/nobody/may/cut',
      'now',
    ]);
    expect(wrapWords('  indented', 4)).toEqual(['  indented']);
  });

  it('is as wide without colours as with them', () => {
    expect(wrapWords(`${ESC}[31mred${ESC}[0m and blue`, 12)).toHaveLength(1);
  });
});
