import { format } from 'prettier';

/** How the repository's files are formatted. */
export const STYLE = { printWidth: 110, singleQuote: true } as const;

/** Puts a table between the two comments that mark its place on a page. */
export async function withTable(
  page: string,
  name: string,
  rows: readonly (readonly string[])[],
): Promise<string> {
  const [head = []] = rows;
  const lines = [head, head.map(() => '-'), ...rows.slice(1)];
  const table = lines.map((cells) => `| ${cells.map(escaped).join(' | ')} |`).join('\n');
  return withText(page, name, await format(table, { parser: 'markdown', ...STYLE }));
}

/** Puts a text, which ends a line, between the two comments that mark its place on a page. */
export function withText(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- ${name}: written by npm run generate -->`, `<!-- end of ${name} -->`];
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined) throw new Error(`a page lacks ${begin} or ${end}`);
  return `${before}${begin}\n\n${text}\n${end}${after}`;
}

const escaped = (cell: string): string => cell.replaceAll('|', String.raw`\|`);
