import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingIo } from '../../test/support/cli.ts';
import { analyze, type AnalyzeFlags } from './analyze.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-analyze-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const file = (name: string, text: string): string => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

const SPEC = 'interval: 1m\nmetrics:\n  - name: errors\n    errorRate: { preset: auto }\n';
const OBJECT = `apiVersion: sluice.dev/v1alpha1\nkind: AnalysisTemplate\nmetadata: { name: shop }\nspec:\n${SPEC.replaceAll(/^/gm, '  ').trimEnd()}\n`;

/** Windows of a minute; "1/600 20/11400" each: bad/total of the canary, then of stable. */
function samples(...windows: string[]): string {
  const armOf = (text = '') => {
    const [bad, total] = text.split('/').map(Number);
    return { total, bad };
  };
  return windows
    .map((text, i) => {
      const [canary, stable] = text.split(' ');
      const t = new Date(Date.UTC(2026, 0, 31, 12, i + 1)).toISOString();
      return `${JSON.stringify({ t, metric: 'errors', canary: armOf(canary), stable: armOf(stable) })}\n`;
    })
    .join('');
}

async function run(flags: Partial<AnalyzeFlags>, stdin = '') {
  const io = recordingIo();
  const template = flags.template ?? file('template.yaml', SPEC);
  const running = analyze(io, { template, ...flags }, { stdin: Readable.from([stdin]), terminal: false });
  const ended = await running.then(
    (code) => ({ code, error: '' }),
    (error: unknown) => ({ code: undefined, error: String(error) }),
  );
  return { ...ended, complained: io.complained, lines: io.printed, last: io.printed.at(-1) ?? '' };
}

const HEALTHY = Array.from({ length: 12 }, () => '6/600 114/11400');
const WORSE = Array.from({ length: 12 }, () => '15/600 114/11400');

/** The tests of the judge check how much evidence there is. */
const withoutEvidence = (line: string): string =>
  line
    .replace(/\((harm|evidence) [^)]*\)/g, '(E)')
    .replace(/at least \d+ more canary requests needed, [\dhms]+ at the present rate/, 'more needed')
    .replace(
      /safe enough for the next weight once the step has been measured for 5m \(\dm more\)/,
      'more time',
    );

describe('sluice analyze', () => {
  it('tells a healthy release in full', async () => {
    const input = file('samples.jsonl', samples(...HEALTHY));
    const { code, lines } = await run({ input, steps: '5,50', output: 'text' });
    expect(code).toBe(0);
    const undecided = (weight: string, counts: string, needed = 'more needed') =>
      `${weight}  inconclusive  MoreDataNeeded: canary 1% errors (${counts}) in this step: not decided yet (E); ${needed}`;
    const safe =
      'canary 1% errors (30/3000) against 1% (570/57000) in this step: safely within the margin (E)';
    const [first, second] = ['step 1/2 5%', 'step 2/2 50%'];
    expect(lines.map(withoutEvidence)).toEqual([
      `12:01:00  ${undecided(first, '6/600) against 1% (114/11400')}`,
      `12:02:00  ${undecided(first, '12/1200) against 1% (228/22800', 'more time')}`,
      `12:03:00  ${undecided(first, '18/1800) against 1% (342/34200', 'more time')}`,
      `12:04:00  ${undecided(first, '24/2400) against 1% (456/45600', 'more time')}`,
      `12:05:00  ${first}  pass  SafeProven: ${safe}`,
      `12:06:00  ${undecided(second, '6/600) against 1% (114/11400')}`,
      `12:07:00  ${undecided(second, '12/1200) against 1% (228/22800')}`,
      `12:08:00  ${undecided(second, '18/1800) against 1% (342/34200')}`,
      `12:09:00  ${undecided(second, '24/2400) against 1% (456/45600')}`,
      `12:10:00  ${second}  pass  SafeProven: ${safe}`,
      `Decision in ${second}: promote (AllStepsPassed). ${safe}`,
    ]);
  });

  it('rolls a worse one back, as JSON from standard input', async () => {
    const { code, lines, last } = await run({ template: file('t.yaml', OBJECT) }, samples(...WORSE));
    expect(code).toBe(1);
    const looks = lines.slice(0, -1).map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(looks.map(({ result }) => result)).toEqual(['inconclusive', 'fail']);
    expect(looks[0]).toMatchObject({ t: '2026-01-31T12:01:00.000Z', step: 0, next: 'stay' });
    expect(looks[0]).toHaveProperty('metrics.0.metric', 'errors');
    expect(JSON.parse(last)).toMatchObject({
      decision: 'rollback',
      reason: 'HarmDetected',
      t: '2026-01-31T12:02:00.000Z',
      numbers: { canaryErrors: 30, canaryRequests: 1200, bar: 20 },
    });
  });

  it('does not decide without data', async () => {
    const { code, last } = await run({ output: 'text' }, '{"t": 60, "missing": "noData"}\n');
    expect(code).toBe(4);
    expect(last).toBe(
      'Decision in step 1/1: inconclusive: the samples end before anything is decided (NoData). the input has no data of this window (noData)',
    );
  });

  it('names the line, says "invalid" as the decision, and fails', async () => {
    const { error, last } = await run({}, `${samples('1/100 1/100')}\n{"t": 1e9}\n`);
    expect(error).toBe('UsageError: line 3: metric: is missing; name one of errors');
    expect(JSON.parse(last)).toMatchObject({ decision: 'invalid', line: 3 });
  });

  it('ends with 130 when it is interrupted', async () => {
    const io = recordingIo();
    const stdin = new PassThrough();
    const flags = { template: file('template.yaml', SPEC) };
    const running = analyze(io, flags, { stdin, terminal: true });
    io.interrupt();
    expect(await running).toBe(130);
  });
});

describe('wrong use', () => {
  it.each([
    {
      flags: { template: '/proc/nonexistent' },
      want: /--template: "\/proc\/nonexistent" cannot be read \(ENOENT\); give the path/,
    },
    {
      flags: { input: '/proc/nonexistent' },
      want: /--input: "\/proc\/nonexistent" cannot be read \(ENOENT\); give the path/,
    },
    { flags: { steps: '5,x' }, want: /--steps: "5,x" is not a list of weights; give 1 to 30 whole numbers/ },
    { flags: { steps: '5,5' }, want: /--steps: "5,5" has a weight twice/ },
    { flags: { minDuration: 'soon' }, want: /--min-duration: "soon" is not a duration; give one like 2m/ },
    {
      flags: { minDuration: '2m', maxDuration: '1m' },
      want: /--max-duration: "1m" is shorter than --min-duration/,
    },
    { flags: { args: ['a'] }, want: /--args: "a" has no value; give name=value/ },
    {
      flags: { args: ['a=b'] },
      want: /--args: "a" is not an argument of the template; the template declares none/,
    },
    { flags: { name: 'x' }, want: /--name: "x" is not in ".*"; name one of \(no name\)/ },
  ])('$flags', async ({ flags, want }) => {
    expect((await run(flags)).error).toMatch(want);
  });

  it.each([
    {
      yaml: 'metrics: [{name: a, errorRate: {preset: auto}, test: {method: fisher, looks: 2, horizon: 2h}}]',
      want: /test\.horizon: 2h is longer than the policy's shortest step/,
    },
    { yaml: 'a: [', want: /is not YAML \(.*\); correct it/ },
    { yaml: 'kind: ReleasePolicy', want: /holds no AnalysisTemplate; give a file with one/ },
    { yaml: 'metrics: []', want: /spec\.metrics: \[\] has 0 items; give a list of 1 to 20/ },
    {
      yaml: 'metrics: [{name: a, threshold: {query: x, success: "value <"}}]',
      want: /metrics\[0\]\.threshold\.success: "value <" cannot be used/,
    },
  ])('a template $yaml', async ({ yaml, want }) => {
    expect((await run({ template: file('t.yaml', yaml) })).error).toMatch(want);
  });

  it('finds the template among several documents', async () => {
    const other = OBJECT.replace('name: shop', 'name: other').replace('name: errors', 'name: failures');
    const template = file('t.yaml', `kind: ReleasePolicy\nmetadata: {name: p}\n---\n${OBJECT}---\n${other}`);
    expect((await run({ template }, samples('1/100 1/100'))).code).toBe(4);
    expect((await run({ template, name: 'other' }, samples('1/100 1/100'))).error).toContain(
      '"errors" is not known',
    );
    expect((await run({ template, name: 'third' })).error).toContain('name one of shop, other');
  });
});

const policy = (spec: string) =>
  file(
    'policy.yaml',
    `kind: ReleasePolicy\nmetadata: { name: careful }\nspec:\n${spec.replaceAll(/^/gm, '  ')}`,
  );

describe('sluice analyze --policy', () => {
  it('goes by steps, durations and pauses of a ReleasePolicy, as the controller would', async () => {
    const steps =
      'steps:\n- { weight: 10, minDuration: 2m, pause: 3m }\n- { weight: 50, minDuration: 1m, pause: true }\n';
    const ran = await run({ policy: policy(steps) }, samples(...HEALTHY, ...HEALTHY, ...HEALTHY));
    const looks = ran.lines.slice(0, -1).map((line) => JSON.parse(line) as { step: number; next: string });
    const first = looks.filter(({ step }) => step === 0);
    expect(first.filter(({ next }) => next === 'stay').length).toBeGreaterThanOrEqual(4);
    expect(looks.find(({ step }) => step === 1)).toMatchObject({ weight: 50 });
    expect(JSON.parse(ran.last)).toMatchObject({ decision: 'waiting', reason: 'PausedByStep', step: 1 });
    expect(ran.code).toBe(4);
  });

  it('takes the arguments the policy gives the template, and says which templates it leaves out', async () => {
    const template = file('shop.yaml', OBJECT.replace('interval', 'args: [{ name: tier }]\n  interval'));
    const analysis = 'analysis:\n- { template: shop, args: { tier: gold } }\n- { template: http }\n';
    const { error, complained } = await run({ template, policy: policy(analysis) }, samples(...WORSE));
    expect(error).toBe('');
    expect(complained).toEqual([
      'note: ReleasePolicy careful judges by shop, http; here only shop is judged',
    ]);
  });

  it.each<{ flags: Partial<AnalyzeFlags>; spec: string; want: string }>([
    { flags: { steps: '5,25' }, spec: '{}', want: '--steps: "5,25" cannot be given with --policy' },
    { flags: { minDuration: '1m' }, spec: '{}', want: '--min-duration: "1m" cannot be given with --policy' },
    { flags: { onInconclusive: 'wait' }, spec: '{}', want: '--on-inconclusive: "wait" cannot be given with' },
    { flags: {}, spec: 'steps: []', want: 'ReleasePolicy careful: spec.steps' },
    {
      flags: {},
      spec: '{}\n---\nkind: ReleasePolicy\nspec: {}',
      want: 'holds several policies (careful, (no name))',
    },
    {
      flags: { policy: '/proc/nonexistent' },
      spec: '{}',
      want: '--policy: "/proc/nonexistent" cannot be read (ENOENT)',
    },
  ])('refuses $want', async ({ flags, spec, want }) => {
    const path = file(
      'policy.yaml',
      `kind: ReleasePolicy\nmetadata: { name: careful }\nspec: ${spec}\n`.replace(
        'spec: steps',
        'spec:\n  steps',
      ),
    );
    expect((await run({ policy: path, ...flags })).error).toContain(want);
  });

  it('refuses a file without a policy', async () => {
    const path = file('other.yaml', OBJECT);
    expect((await run({ policy: path })).error).toContain('holds no ReleasePolicy; give a file with one');
  });
});
