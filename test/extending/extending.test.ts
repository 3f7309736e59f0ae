import { execFile } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getNumber, getObjects, getString } from '../../lib/json.ts';
import { ROOT } from '../architecture/root.ts';

/*
 * What docs/extending promises: a copy of the project gets a back end, a source, a metric kind, a rule and a
 * command as its pages say, each as a folder or a file and a line (a kind: both), and then knows them. The
 * rule and the command are those on the pages.
 */
const FIXTURES = join(import.meta.dirname, '../fixtures/extending');
const LEFT_OUT = ['node_modules', 'dist', 'coverage', '.git'];

let copy: string;
const at = (path: string): string => join(copy, path);
const read = (path: string): string => readFileSync(at(path), 'utf8');

/** Adds a line at the end, or before the line that begins with that text. */
function addLine(path: string, line: string, before?: string): void {
  const lines = read(path).trimEnd().split('\n');
  const index = before === undefined ? lines.length : lines.findIndex((each) => each.startsWith(before));
  if (index < 0) throw new Error(`${path} has no line that begins with ${before}`);
  writeFileSync(at(path), `${lines.toSpliced(index, 0, line).join('\n')}\n`);
}

/** The first block of code on a page of docs/extending. */
function codeOf(page: string): string {
  const code = /^```ts\n([^]*?)^```/m.exec(read(`docs/extending/${page}`))?.[1];
  if (code === undefined) throw new Error(`docs/extending/${page} shows no code`);
  return code;
}

/** The output of a program of the copy, run with the Node of this process. */
async function output(...args: string[]): Promise<string> {
  const ran = await promisify(execFile)(process.execPath, args, { cwd: copy, maxBuffer: 2 ** 26 });
  return ran.stdout + ran.stderr;
}

const value = (code: string): Promise<string> =>
  output('--input-type=module', '--eval', `console.log(${code})`);
const bin = (name: string): string => join(copy, 'node_modules', name);

beforeAll(async () => {
  copy = join(mkdtempSync(join(tmpdir(), 'sluice-extended-')), 'sluice');
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.includes(basename(path)) });
  // Its own folder: two runs of vitest must not share its caches.
  mkdirSync(at('node_modules'));
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (!name.startsWith('.') || name === '.bin')
      symlinkSync(join(ROOT, 'node_modules', name), at(`node_modules/${name}`));

  cpSync(join(FIXTURES, 'provider/acme'), at('providers/acme'), { recursive: true });
  addLine('providers/list.ts', "export { acme } from './acme/acme.ts';");

  cpSync(join(FIXTURES, 'source/acme'), at('analysis/measure/acme'), { recursive: true });
  addLine('analysis/measure/list.ts', "export { acme } from './acme/index.ts';");

  cpSync(join(FIXTURES, 'kind/fields.ts'), at('api/kinds/template/kinds/acme.ts'));
  addLine('api/kinds/template/kinds/index.ts', "export { ACME } from './acme.ts';");
  cpSync(join(FIXTURES, 'kind/acme'), at('analysis/judge/acme'), { recursive: true });
  addLine('analysis/judge/list.ts', "export { acme } from './acme/index.ts';");

  writeFileSync(at('release/rules/progress/too-many-replicas.ts'), codeOf('rule.md'));
  addLine(
    'release/rules/list.ts',
    "import { tooManyReplicas } from './progress/too-many-replicas.ts';",
    'import',
  );
  addLine('release/rules/list.ts', '      tooManyReplicas,', '      resumeOrdered,');

  writeFileSync(at('cli/commands/server.ts'), codeOf('command.md'));
  addLine(
    'cli/commands/list.ts',
    "  server: async () => (await import('./server.ts')).command,",
    '  version:',
  );

  await output('scripts/generate.ts');
});

afterAll(() => rmSync(dirname(copy), { recursive: true, force: true }));

describe('a copy of the project with one back end, source, metric kind, rule and command more', () => {
  it('has no wrong type', async () => {
    expect(await output(bin('typescript/bin/tsc'), '--noEmit')).toBe('');
  });

  it.each([
    {
      knows: 'the CRD of ReleasePolicy',
      path: 'manifests/crds/releasepolicies.yaml',
      text: /enum: \[[^\]]*\bacme\b/,
    },
    { knows: 'the rights', path: 'manifests/rbac/clusterrole.yaml', text: /acmeroutes/ },
    { knows: 'the page of rights', path: 'docs/operations.md', text: /acmeroutes/ },
    { knows: 'the table of back ends', path: 'docs/providers/README.md', text: /Acme \(AcmeRoute\)/ },
  ])('knows the back end in $knows', ({ path, text }) => {
    expect(read(path)).toMatch(text);
  });

  it('lists and watches the kind of the back end', async () => {
    const routes = `(await import('./providers/index.ts')).ROUTE_RESOURCES.map(({ plural }) => plural).join()`;
    expect(await value(routes)).toContain('acmeroutes');
    const watched = `(await import('./release/rights.ts')).WATCHED.map(({ plural }) => plural).join()`;
    expect(await value(watched)).toContain('acmeroutes');
  });

  it('takes the source in templates and flags', async () => {
    const parsed = `JSON.stringify((await import('./controller/config.ts')).parseFlags(['--prometheus', 'http://127.0.0.1:1', '--source', 'acme/one=http://127.0.0.1:2']))`;
    expect(await value(parsed)).toMatch(/"ok":true.*acme/);
  });

  it.each([
    { knows: 'the CRD', path: 'manifests/crds/analysistemplates.yaml', text: /exactly one of .*\bacme\b/ },
    { knows: 'its fields', path: 'docs/analysis-template.md', text: /`metrics\[\]\.acme\.query`/ },
    { knows: 'stored statistics', path: 'docs/release.md', text: /`status\.analysis\.metrics.*`acme`/ },
  ])('knows the metric kind in $knows', ({ path, text }) => {
    expect(read(path)).toMatch(text);
  });

  it('checks metrics of the kind, and judges them', async () => {
    const template = (query: string) =>
      JSON.stringify({ interval: '1m', metrics: [{ name: 'load', acme: { query } }] });
    const parsed = `(await import('./api/kinds/template/template.ts')).parseTemplate(${template('load{a="{{nobody}}"}')}).value`;
    const checked = `JSON.stringify((await import('./analysis/measure/check.ts')).checkTemplate(${parsed}, 'spec'))`;
    expect(JSON.parse(await value(checked))).toMatchObject([
      { path: 'spec.metrics[0].acme.query', message: 'is not a variable' },
    ]);

    const samples = [1, 2, 3].map((minute) =>
      JSON.stringify({ t: 60 * minute, canary: { value: 3 }, stable: { value: 2 } }),
    );
    writeFileSync(at('template.json'), template('load'));
    writeFileSync(at('samples.jsonl'), samples.join('\n'));
    const analyze = ['analyze', '--template', at('template.json'), '--input', at('samples.jsonl')];
    expect(await output('cli/main.ts', ...analyze)).toMatch(
      /at most 2 times as much[^]*"decision":"promote"/,
    );
  });

  it('helps with the command', async () => {
    expect(await output('cli/main.ts', '--help')).toMatch(/server +.*print the version of the API server/);
  });

  it('asks the rule before a release begins', async () => {
    const rules = `(await import('./release/rules/list.ts')).RULES.Starting.rules.map(({ name }) => name).join()`;
    expect(await value(rules)).toMatch(/promotion-ordered,too-many-replicas/);
  });

  it('holds back end and source to their suites', async () => {
    writeFileSync(
      at('test/support/sources/acme-side.ts'),
      readFileSync(join(FIXTURES, 'source/acme-side.ts'), 'utf8'),
    );
    const suite = read('test/conformance/sources.test.ts')
      .replace('[PrometheusSide, HttpSide]', '[PrometheusSide, HttpSide, AcmeSide]')
      .replace(/^/, "import { AcmeSide } from '../support/sources/acme-side.ts';\n");
    writeFileSync(at('test/conformance/sources.test.ts'), suite);
    const file = join(dirname(copy), 'report.json');
    await output(
      ...[
        bin('vitest/vitest.mjs'),
        'run',
        '--project',
        'conformance',
        '--reporter=json',
        `--outputFile=${file}`,
      ],
      ...['providers/acme', 'test/conformance/sources'],
    );
    const report: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const passed = (file: string): string[] =>
      getObjects(report, 'testResults')
        .filter((each) => getString(each, 'name')?.endsWith(file))
        .flatMap((each) => getObjects(each, 'assertionResults'))
        .map((each) => getString(each, 'fullName')?.trim() ?? '');
    expect(getNumber(report, 'numFailedTests')).toBe(0);
    expect(passed('acme.conformance.test.ts').length).toBeGreaterThan(10);
    expect(passed('sources.test.ts').filter((name) => name.startsWith('acme ')).length).toBeGreaterThan(5);
  });
});
