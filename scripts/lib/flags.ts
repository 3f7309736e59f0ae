import type { Option } from 'commander';
import { command } from '../../controller/flags.ts';
import { withTable } from './pages.ts';

const PAGE = 'docs/operations.md';

/** The page that lists the controller's flags for operators. */
export async function writtenFlags(read: (path: string) => string): Promise<Record<string, string>> {
  const rows = command().options.map((option) => [
    `\`${option.flags}\``,
    without(option),
    option.description,
  ]);
  return { [PAGE]: await withTable(read(PAGE), 'flags', [['flag', 'default', 'meaning'], ...rows]) };
}

/** What applies without the flag, if its meaning does not say so. */
function without({ defaultValue, defaultValueDescription, negate }: Option): string {
  if (defaultValueDescription !== undefined) return defaultValueDescription;
  return typeof defaultValue === 'string' && !negate ? `\`${defaultValue}\`` : '';
}
