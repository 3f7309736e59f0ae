/**
 * Characters that steer a terminal or change the direction of text: C0 and C1 controls, bidi controls, line separators,
 * half characters.
 */
const STEERING = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu;
const BLANKS = /\s+/gu;

/**
 * Text of an object or a server as it may be shown: characters that would steer a terminal are written as escapes, like
 * \u{1b}.
 */
export function escapeText(text: string): string {
  return text.replaceAll(STEERING, (each) => `\\u{${(each.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same within a JSON document: the values of its strings do not change, and its own line breaks stay. */
export function escapeJson(document: string): string {
  return document.replaceAll(STEERING, (each) =>
    each === '\n' ? each : `\\u${(each.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}

/** For a status: a message of the API server may be of any length and contain line breaks and control characters. */
export function oneLine(text: string, most = 1000): string {
  return shorten(text.replaceAll(BLANKS, ' ').replaceAll(STEERING, '').trim(), most);
}

/** At most `most` characters. */
export function shorten(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** Codes for colours take no room on the screen. */
const COLOURS = /\u001b\[[\d;]*m/g;
const widthOf = (text: string): number => text.replaceAll(COLOURS, '').length;

/** Breaks a line between words; the lines that follow are indented. A word that does not fit gets a line of its own, unbroken. */
export function wrapWords(text: string, columns: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const [index, word] of text.split(' ').entries()) {
    const longer = index === 0 ? word : `${line} ${word}`;
    if (widthOf(longer) <= columns || line.trim() === '') line = longer;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return [...lines, line];
}
