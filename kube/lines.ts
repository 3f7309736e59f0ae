/** Hours of history of a hundred pods fit; a longer line means that the text has no line ends. */
const MOST_CHARACTERS = 64 * 1024 * 1024;

export interface Line {
  /** from 1 */
  number: number;
  text: string;
}

export class LongLine extends Error {
  override readonly name = 'LongLine';
  readonly line: number;

  constructor(line: number, most: number) {
    super(`longer than ${most} characters`);
    this.line = line;
  }
}

/** The lines of a text that comes in pieces; holds no more than one line. The last one needs no line end. */
export async function* splitLines(
  pieces: AsyncIterable<string>,
  most = MOST_CHARACTERS,
): AsyncGenerator<Line> {
  let number = 0;
  let parts: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    let from = 0;
    for (let end = piece.indexOf('\n'); end !== -1; end = piece.indexOf('\n', from)) {
      parts.push(piece.slice(from, end));
      yield { number: ++number, text: parts.join('') };
      parts = [];
      length = 0;
      from = end + 1;
    }
    parts.push(piece.slice(from));
    length += piece.length - from;
    if (length > most) throw new LongLine(number + 1, most);
  }
  if (length > 0) yield { number: ++number, text: parts.join('') };
}

/** An object of the API server is at most 3 MiB, so a longer line is not an event. */
const LONGEST_EVENT = 16 * 1024 * 1024;

/** The events of a watch, one a line. */
export async function* eventLines(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const { text } of splitLines(chunks, LONGEST_EVENT)) if (text.trim() !== '') yield text;
}
