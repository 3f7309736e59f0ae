import { escapeText, shorten } from '../lib/text.ts';
import type { Colour, Paint } from './io.ts';

/** Longer lines are cut, because texts in objects of a cluster can have any length. */
const MOST = 8_000;

const CODES: Record<Colour, number> = { red: 31, green: 32, yellow: 33, cyan: 36, dim: 2, bold: 1 };

export interface Printing {
  paint: Paint;
  /** a line as it may be printed: escaped, then painted */
  line: (text: string) => string;
}

/**
 * Escapes what is printed, then paints it. Until then, paint is a mark that holds a secret of this process, so that no
 * text from a cluster can imitate it. Marks have the form of a colour code, so that they add nothing to the width of a
 * line.
 *
 * @param secret twelve digits that cannot be guessed
 */
export function printing(colours: boolean, secret: string): Printing {
  const signed = (secret.match(/\d{4}/g) ?? []).join(';');
  const mark = new RegExp(`\\u001b\\[(\\d+);${signed}m`);
  return {
    paint: (colour, text) =>
      colours ? `\u001b[${CODES[colour]};${signed}m${text}\u001b[0;${signed}m` : text,
    line: (text) => {
      let left = MOST;
      // Every second part is the captured group of a mark: the number of a colour.
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
