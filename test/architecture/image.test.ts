import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { get, type JsonObject } from '../../lib/json.ts';
import { bundle } from '../../scripts/lib/bundle.ts';
import { HOUSE } from '../../scripts/lib/house.ts';
import { ROOT } from './root.ts';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const [, , runtime = ''] = read('Dockerfile').split(/^FROM /m);
const copied = [...runtime.matchAll(/^COPY --from=build (.+) (\S+)$/gm)].flatMap(([, from = '']) =>
  from.split(' ').map((path) => path.replace('/src/', '')),
);
const MEGABYTE = 1e6;

describe('the image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-image-'));

  beforeAll(async () => {
    await build({ ...bundle, sourcemap: false, outdir: join(folder, 'dist') });
    for (const path of copied.filter((each) => each !== 'dist'))
      cpSync(join(ROOT, path), join(folder, path), { recursive: true });
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('starts the program of the package with what is copied into it, and nothing else', () => {
    const [, entry = ''] = /^ENTRYPOINT \["\/nodejs\/bin\/node", "\/app\/(.+)"\]$/m.exec(runtime) ?? [];
    expect(entry).toBe((JSON.parse(read('package.json')) as { bin: { sluice: string } }).bin.sluice);
    const run = (...args: string[]): string =>
      execFileSync(process.execPath, [join(folder, entry), ...args], { encoding: 'utf8', cwd: '/' });
    expect(run('version')).toMatch(/^sluice \d/);
    expect(run('controller', '--help')).toContain('--prometheus');
  });

  it('adds less than 3 MB to Node and its base', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    );
    const packed = gzipSync(
      Buffer.concat(files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)))),
    );
    expect(packed.byteLength).toBeLessThan(3 * MEGABYTE);
  });

  it('runs as the user that its Deployment names', () => {
    const objects = parseAllDocuments(read('manifests/deploy/base/controller.yaml')).map(
      (document) => document.toJS() as JsonObject,
    );
    const pod = ['spec', 'template', 'spec', 'securityContext'];
    const user = get(
      objects.find(({ kind }) => kind === 'Deployment'),
      ...pod,
      'runAsUser',
    );
    expect(runtime).toMatch(new RegExp(`^USER ${JSON.stringify(user)}:`, 'm'));
  });

  it('is given all that the bundle is made of', () => {
    const given = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, path]) => path);
    const rooms = HOUSE.map(({ path }) => path.split('/')[0]);
    const files = [
      'package.json',
      'package-lock.json',
      '.npmrc',
      ...copied.filter((each) => each !== 'dist'),
    ];
    expect(given).toEqual(expect.arrayContaining([...rooms, ...files]));
  });
});
