import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './root.ts';

const FOLDERS = '{lib,api,analysis,providers,release,kube,controller,cli,playground,scripts,test}';
const read = (pattern: string): [path: string, text: string][] =>
  globSync(pattern, { cwd: ROOT })
    .filter((path) => !path.endsWith('architecture/tests.test.ts'))
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]);

/** A limit for one test or one wait, a sleep, or a check of how long something took. */
const IMPATIENT =
  /\bvi\.wait(For|Until)\(|\bexpect\.poll\(|\{ timeout: [\d_]+ \}|^ *\}, [\d_]+\);|\bsetTimeout\(resolve|\bperformance\.now\(/m;

/** Does it name something outside the repository? */
function reachesOut(path: string, text: string): boolean {
  const depth = path.split('/').length - 1;
  const climbs = [...text.matchAll(/['"`]((?:\.\.\/)+)/g)].map(([, up = '']) => up.length / '../'.length);
  return climbs.some((levels) => levels > depth) || /\bROOT, ['"`]\.\.\//.test(text);
}

describe('a test', () => {
  it('is not bounded by seconds: on a busy machine it is slower, and no less right', () => {
    const tests = [
      ...read(`${FOLDERS}/**/*.test.ts`),
      ...read('{test/{conformance,simulation,cluster},providers/conformance}/**/*.ts'),
    ];
    expect(tests.length).toBeGreaterThan(100);
    expect(tests.filter(([, text]) => IMPATIENT.test(text)).map(([path]) => path)).toEqual([]);
    expect('const SLOW = { timeout: 60_000 };').toMatch(IMPATIENT);
    expect("it('waits', () => {\n}, 30_000);").toMatch(IMPATIENT);
  });

  it('reads nothing outside the repository: it is green on a clone with nothing beside it', () => {
    const files = [...read(`${FOLDERS}/**/*.test.ts`), ...read('{test,scripts}/**/*.ts')];
    expect(files.filter((file) => reachesOut(...file)).map(([path]) => path)).toEqual([]);
    expect(reachesOut('test/support/a.ts', "new URL('../../../else', import.meta.url)")).toBe(true);
    expect(reachesOut('test/support/a.ts', "join(ROOT, '../else')")).toBe(true);
    expect(reachesOut('test/support/a.ts', "new URL('../../manifests', import.meta.url)")).toBe(false);
  });
});
