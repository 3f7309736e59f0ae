import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXIT } from '../../cli/io.ts';
import { getObject, getObjects, getString } from '../../lib/json.ts';
import { programOnPath } from '../../playground/dataplane/metrics/apt.ts';
import { ROOT } from '../architecture/root.ts';

const ACTION = join(ROOT, '.github', 'actions', 'wait');
const TEMPLATE = join(ROOT, 'manifests', 'ci', 'gitlab.yml');
const PROGRAMS = ['bash', 'jq', 'curl'];
const FOUND = PROGRAMS.flatMap((program) => {
  const path = programOnPath(program);
  return path === undefined ? [] : [dirname(path)];
});
const missing = PROGRAMS.filter((program) => programOnPath(program) === undefined);
const HARM = 'canary 30% errors; "a" `b` @team\tand <b>';

interface Comment {
  id: number;
  body: string;
}

let folder: string;
let server: Server;
/** replaces GitHub: the comments of the pull request, and the requests */
let comments: Comment[];
let asked: string[];
let refusing: boolean;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-ci-'));
  [comments, asked, refusing] = [[], [], false];
  server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      asked.push(`${request.method ?? ''} ${request.url ?? ''} ${request.headers.authorization ?? ''}`);
      const body = text === '' ? '' : (getString(JSON.parse(text), 'body') ?? '');
      const edited = comments.find(({ id }) => request.url?.endsWith(`/comments/${id}`) === true);
      if (request.method === 'POST') comments.push({ id: comments.length + 1, body });
      if (request.method === 'PATCH' && edited !== undefined) edited.body = body;
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page') ?? 1);
      response.writeHead(refusing ? 403 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(comments.slice((page - 1) * 100, page * 100)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

/** Replaces sluice: prints these lines and exits with this code; `explain` prints a story. */
function standIn(lines: readonly object[], code: number, complaint = ''): void {
  writeFileSync(join(folder, 'lines'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  writeFileSync(join(folder, 'complaint'), complaint);
  const script = [
    '#!/bin/sh',
    `echo "$*" >> '${folder}/asked'`,
    'if [ "$1" = explain ]; then echo "a story with \\`\\`\\`\\`\\` in it"; exit 0; fi',
    `cat '${folder}/lines'; cat '${folder}/complaint' >&2; exit ${code}`,
  ];
  writeFileSync(join(folder, 'sluice'), script.join('\n'));
  chmodSync(join(folder, 'sluice'), 0o755);
}

const ended = (outcome: keyof typeof EXIT, reason = 'HarmDetected'): object[] => [
  { type: 'progress', time: 't', phase: 'Progressing', reason: 'Measuring', message: 'Under way.' },
  { type: 'outcome', time: 't', target: 'shop', outcome, exitCode: EXIT[outcome], reason, message: HARM },
];

async function run(script: string[], more: Record<string, string>): Promise<{ code: number; said: string }> {
  const env = {
    PATH: [folder, ...FOUND, '/usr/bin', '/bin'].join(':'),
    SLUICE_TARGET: 'deployment/shop',
    SLUICE_NAMESPACE: 'team',
    SLUICE_TIMEOUT: '90m',
    ...more,
  };
  const child = spawn('bash', script, { cwd: folder, env });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const code = await new Promise<number>((resolve) => child.once('close', (each) => resolve(each ?? -1)));
  return { code, said };
}

const action: unknown = parse(readFileSync(join(ACTION, 'action.yml'), 'utf8'));
const inputDefault = (name: string): string => getString(action, 'inputs', name, 'default') ?? '';

const wait = (more: Record<string, string> = {}) =>
  run([join(ACTION, 'wait.sh')], {
    GITHUB_OUTPUT: join(folder, 'output'),
    GITHUB_STEP_SUMMARY: join(folder, 'summary'),
    GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    GITHUB_REPOSITORY: 'acme/shop',
    SLUICE_THROUGH_PAUSES: 'false',
    SLUICE_FAIL_ON: inputDefault('fail-on'),
    SLUICE_COMMENT: '7',
    SLUICE_TOKEN: 'secret',
    ...more,
  });
const written = (file: string): string => readFileSync(join(folder, file), 'utf8');
const outputs = (): Record<string, string> =>
  Object.fromEntries(
    written('output')
      .trim()
      .split('\n')
      .map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)]),
  );

const OUTCOMES = [
  'promoted',
  'rolledBack',
  'aborted',
  'timedOut',
  'needsHuman',
  'superseded',
  'blocked',
  'escaped',
  'gone',
] as const;

describe.skipIf(missing.length > 0)(`the action for GitHub (skipped without bash, jq and curl)`, () => {
  it.each(OUTCOMES)('tells %s by its outputs, its summary and its exit code', async (outcome) => {
    standIn(ended(outcome), EXIT[outcome]);
    const { code, said } = await wait();
    expect(code).toBe(outcome === 'superseded' ? 0 : EXIT[outcome]);
    const told = { outcome, 'exit-code': String(EXIT[outcome]), reason: 'HarmDetected', message: HARM };
    expect(outputs()).toEqual(told);
    expect(written('summary')).toContain(`: ${outcome}\n\n\`\`\`\`text\nHarmDetected: ${HARM}\n\`\`\`\`\n`);
    expect(said).toContain('Progressing Measuring: Under way.');
    expect(said).not.toContain('secret');
  });

  it('fails where the workflow wants it to', async () => {
    standIn(ended('needsHuman'), EXIT.needsHuman);
    expect((await wait({ SLUICE_FAIL_ON: 'rolledBack' })).code).toBe(0);
    standIn(ended('promoted'), 0);
    expect((await wait({ SLUICE_FAIL_ON: 'promoted' })).code).toBe(1);
  });

  it('writes one comment and edits it in place, among those of others', async () => {
    comments = Array.from({ length: 120 }, (_, i) => ({ id: i + 1, body: 'quotes <!-- sluice wait' }));
    standIn(ended('rolledBack'), 1);
    await wait();
    standIn(ended('promoted', ''), 0);
    await wait();
    expect(comments).toHaveLength(121);
    expect(comments.at(-1)?.body).toMatch(/^<!-- sluice wait team\/deployment\/shop -->\n.*: promoted/);
    await wait({ SLUICE_TARGET: 'deployment/other' });
    expect(comments).toHaveLength(122);
    expect(new Set(asked.map((each) => each.split(' ').slice(2).join(' ')))).toEqual(
      new Set(['Bearer secret']),
    );
  });

  it('shows what others wrote as text, whatever it holds', async () => {
    standIn(ended('rolledBack'), 1);
    await wait();
    expect(written('summary')).toContain('a story with ``` in it');
  });

  it('keeps the verdict where the comment cannot be written', async () => {
    refusing = true;
    standIn(ended('promoted'), 0);
    const { code, said } = await wait();
    expect([code, outputs()['outcome']]).toEqual([0, 'promoted']);
    expect(said).toContain('::warning::the comment could not be written');
    asked = [];
    await wait({ SLUICE_COMMENT: '' });
    expect(asked).toEqual([]);
  });

  it('tells wrong usage with what the command complained of', async () => {
    standIn([], 2, '--timeout: "x" is not a duration\n');
    expect((await wait()).code).toBe(2);
    expect(outputs()).toMatchObject({
      outcome: 'usage',
      message: expect.stringContaining('not a duration') as string,
    });
  });

  it('passes on what the workflow asks, and declares what the script reads and writes', async () => {
    standIn(ended('promoted'), 0);
    await wait({ SLUICE_THROUGH_PAUSES: 'true' });
    expect(written('asked').split('\n')[0]).toBe(
      'wait deployment/shop --namespace team --timeout 90m --output json --through-pauses',
    );
    const [step] = getObjects(action, 'runs', 'steps');
    const given = Object.keys(getObject(step, 'env') ?? {});
    const read = new Set(readFileSync(join(ACTION, 'wait.sh'), 'utf8').match(/SLUICE_[A-Z_]+/g));
    expect(new Set(given)).toEqual(read);
    expect(Object.keys(getObject(action, 'outputs') ?? {}).sort()).toEqual(Object.keys(outputs()).sort());
  });
});

describe.skipIf(missing.length > 0)('the template for GitLab (skipped without bash, jq and curl)', () => {
  const job = getObject(parse(readFileSync(TEMPLATE, 'utf8')), '.sluice-wait');
  const [script] = (job?.['script'] ?? []) as string[];

  it.each(OUTCOMES)('ends like sluice wait when the outcome is %s, and hands it on', async (outcome) => {
    standIn(ended(outcome), EXIT[outcome]);
    const { code, said } = await run(['-e', '-c', script ?? ''], {});
    expect(code).toBe(EXIT[outcome]);
    expect(said).toContain(`${outcome}: ${HARM}`);
    expect(written('sluice.env')).toBe(`SLUICE_OUTCOME=${outcome}\nSLUICE_EXIT_CODE=${EXIT[outcome]}\n`);
  });

  it('lets a pipeline go on whose change was superseded', () => {
    expect(getObject(job, 'allow_failure')).toEqual({ exit_codes: [EXIT.superseded] });
  });
});
