import { escapeText, shorten } from '../lib/text.ts';
import type { Colour, Paint } from './io.ts';

/** No line is longer: an object of a cluster can hold texts without a bound. */
const MOST = 8_000;

const CODES: Record<Colour, number> = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 };

export interface Printing {
  paint: Paint;
  /** a line as it may be printed: escaped, then painted */
  line: (text: string) => string;
}

/**
 * Escapes what is printed and paints it after that. Paint leaves marks that hold a secret of this process, so that no text of
 * a cluster can pass for one; they have the form of a colour, so that they count for nothing in the width of a line.
 *
 * @param secret twelve digits that nobody can guess
 */
export function printing(colours: boolean, secret: string): Printing {
  const signed = (secret.match(/\d{4}/g) ?? []).join(';');
  const mark = new RegExp(`\\u001b\\[(\\d+);${signed}m`);
  return {
    paint: (colour, text) =>
      colours ? `\u001b[${CODES[colour]};${signed}m${text}\u001b[0;${signed}m` : text,
    line: (text) => {
      let left = MOST;
      // Every other part is what the group of the mark held: the number of a colour.
      const parts = text.split(mark).map((part, index) => {
        if (index % 2 === 1) return `\u001b[${part}m`;
        const shown = left > 0 ? shorten(escapeText(part), left) : '';
        left -= shown.length;
        return shown;
      });
      return parts.join('');
    },
  };
}
