import { wrapWords } from '../../lib/text.ts';

/** Text that may be broken between words, with the indentation of its further lines; or text that has to stay whole. */
export type Line = string | { text: string; hanging: number } | { whole: string };

/** The lines on a screen so many columns wide. */
export function laid(line: Line, columns: number): string[] {
  if (typeof line === 'string') return wrapWords(`  ${line}`, columns, '    ');
  if ('whole' in line) return [`  ${line.whole}`];
  return wrapWords(`  ${line.text}`, columns, ' '.repeat(2 + line.hanging));
}
