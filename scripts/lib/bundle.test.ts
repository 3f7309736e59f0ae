import { build, type Metafile } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { bundle } from './bundle.ts';

let outputs: Metafile['outputs'];

beforeAll(async () => {
  outputs = (await build({ ...bundle, sourcemap: false, metafile: true, write: false })).metafile.outputs;
});

/** The files of which a command loads something before it does anything. */
function loadedBy(command: string): string[] {
  const entry = (source: string) =>
    Object.keys(outputs).filter((name) => outputs[name]?.entryPoint === source);
  const open = [...entry('cli/main.ts'), ...entry('cli/program.ts'), ...entry(`cli/commands/${command}.ts`)];
  const seen = new Set<string>();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue;
    seen.add(next);
    for (const { path, kind } of outputs[next]?.imports ?? [])
      if (kind === 'import-statement' && path in outputs) open.push(path);
  }
  return [...seen].flatMap((name) => Object.keys(outputs[name]?.inputs ?? {}));
}

const HEAVY = /node_modules\/(mathjs|axios|prom-client|pino|re2js|@marcbachmann)\/|playground\//;

describe('of the build', () => {
  it.each(['version', 'status', 'wait', 'history', 'order'])(
    '%s loads no mathematics, no metrics and no playground',
    (command) => {
      const loaded = loadedBy(command);
      expect(loaded).toContain(`cli/commands/${command}.ts`);
      expect(loaded.filter((file) => HEAVY.test(file))).toEqual([]);
    },
  );

  it('version loads nothing for the API server', () => {
    expect(loadedBy('version').filter((file) => /client-node|node_modules\/undici/.test(file))).toEqual([]);
  });

  it('holds of mathjs what conditions of thresholds may use, and neither its manual nor its other functions', () => {
    const all = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
    expect(all.some((file) => file.endsWith('mathjs/lib/esm/expression/parse.js'))).toBe(true);
    expect(all.filter((file) => /mathjs\/.*\/(embeddedDocs|probability|combinatorics)\//.test(file))).toEqual(
      [],
    );
  });

  it('every file lies where lib/place.ts looks for the package and its programs', () => {
    const files = Object.keys(outputs);
    expect(files.filter((file) => !/^dist\/[^/]+\/[^/]+$/.test(file))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(['dist/cli/main.js', 'dist/playground/main.js']));
  });

  it('nothing holds the models of Kubernetes, but the way to the API server', () => {
    expect(loadedBy('status').some((file) => file.endsWith('client-node/dist/config.js'))).toBe(true);
    const all = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs));
    expect(all.filter((file) => /client-node\/dist\/gen\/(models|apis)\/|\/undici\//.test(file))).toEqual([]);
  });
});
