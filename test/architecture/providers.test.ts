import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../providers/index.ts';
import { ROOT } from './root.ts';

const NAMES = Object.keys(PROVIDERS);
/** Deployments have a field of this name. */
const FIELDS = ['replicas'];
const GENERATED = ['api/kinds/policy/providers.ts', 'api/kinds/template/presets.ts'];
const ROOMS = ['api', 'analysis', 'release', 'kube', 'controller', 'cli'];

const sources = (room: string): string[] =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' })
    .map((name) => join(room, name))
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !GENERATED.includes(path));

const files = [
  ...ROOMS.flatMap(sources),
  ...readdirSync(join(ROOT, 'providers'), { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && entry.name !== 'list.ts')
    .map(({ name }) => join('providers', name)),
].filter((path) => !path.endsWith('.test.ts'));

describe('outside its folder', () => {
  it.each(NAMES)('nobody names the back end %s or reaches into its files', (name) => {
    const literal = FIELDS.includes(name) ? `[!=]== '${name}'` : `'${name}'`;
    const pattern = new RegExp(`${literal}|providers/${name}/|from '\\./${name}/`);
    expect(files.filter((path) => pattern.test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
  });
});

describe('every back end', () => {
  it.each(Object.entries(PROVIDERS))(
    '%s is called like its folder, and has a suite and a page',
    (key, { name }) => {
      expect(name).toBe(key);
      expect(existsSync(join(ROOT, `providers/${name}/${name}.ts`))).toBe(true);
      expect(existsSync(join(ROOT, `providers/${name}/${name}.conformance.test.ts`))).toBe(true);
      expect(existsSync(join(ROOT, `docs/providers/${name}.md`))).toBe(true);
    },
  );
});
