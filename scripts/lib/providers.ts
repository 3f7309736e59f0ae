import { format } from 'prettier';
import { PRESETS, PROVIDERS, readBy } from '../../providers/index.ts';
import type { Provider } from '../../providers/provider.ts';
import { STYLE, withTable } from './pages.ts';

const NAMES = 'api/kinds/policy/providers.ts';
const PRESET_NAMES = 'api/kinds/template/presets.ts';
const PAGE = 'docs/providers/README.md';

/** Files of the repository that list the back ends, and their wanted content. */
export async function writtenProviders(read: (path: string) => string): Promise<Record<string, string>> {
  const names = Object.keys(PROVIDERS);
  const presets = [...new Set(['auto', ...names, ...PRESETS.map(({ name }) => name)])];
  return {
    [NAMES]: await list(read(NAMES), 'PROVIDERS', names),
    [PRESET_NAMES]: await list(read(PRESET_NAMES), 'PRESETS', presets),
    [PAGE]: await withTable(read(PAGE), 'providers', [
      ['`spec.provider`', 'steers by', 'reads', 'writes', 'strategies'],
      ...Object.values(PROVIDERS).map(row),
    ]),
  };
}

/** The members of one constant array. */
function list(source: string, constant: string, values: readonly string[]): Promise<string> {
  const array = `export const ${constant} = [${values.map((each) => `'${each}'`).join(', ')}] as const`;
  const found = new RegExp(`export const ${constant} = \\[[^\\]]*\\] as const`);
  if (!found.test(source)) throw new Error(`there is no constant list ${constant} to write`);
  return format(source.replace(found, array), { parser: 'typescript', ...STYLE, trailingComma: 'all' });
}

function row(provider: Provider): string[] {
  const { name, title, madeResource, editsUserRoutes, routeResources, steering, strategies } = provider;
  const kinds = (all: readonly { kind: string }[]) => [...new Set(all.map(({ kind }) => kind))].join(', ');
  const edits = editsUserRoutes ? `edits ${kinds(routeResources)}` : '';
  const makes = madeResource === undefined ? '' : `makes ${madeResource.kind}`;
  const scales = steering.ownService ? '' : 'scales the canary Deployment';
  return [
    `[\`${name}\`](${name}.md)`,
    title,
    kinds(readBy(provider)),
    [edits, makes, scales].filter((each) => each !== '').join('; '),
    strategies.join(', '),
  ];
}
