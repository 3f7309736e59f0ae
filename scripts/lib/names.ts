import { format } from 'prettier';
import { PRESETS, PROVIDERS } from '../../providers/index.ts';
import { STYLE } from './pages.ts';

const NAMES = 'api/kinds/policy/providers.ts';
const READY_MADE = 'api/kinds/template/presets.ts';

/**
 * What providers/list.ts holds, by name, for schemas that may not import it: the folders of back ends lie above them. Nothing
 * here may load a schema, which would have the old names.
 */
export async function writtenNames(): Promise<Record<string, string>> {
  const providers = Object.keys(PROVIDERS);
  const presets = new Set(['auto', ...providers, ...PRESETS.map(({ name }) => name)]);
  return {
    [NAMES]: await ts(
      '/** The back ends by name. Written by `npm run generate` from providers/list.ts. */',
      `export const PROVIDERS = ${JSON.stringify(providers)} as const;`,
      'export type ProviderName = (typeof PROVIDERS)[number];',
    ),
    [READY_MADE]: await ts(
      '/**',
      ' * Ready-made queries by name. `auto` takes those that fit what serves the routes, and so does the name of a back end.',
      ' * Written by `npm run generate` from providers/list.ts.',
      ' */',
      `export const PRESETS = ${JSON.stringify([...presets])} as const;`,
    ),
  };
}

const ts = (...lines: string[]): Promise<string> =>
  format(lines.join('\n'), { parser: 'typescript', ...STYLE });
