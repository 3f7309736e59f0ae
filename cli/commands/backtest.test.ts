import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { recordingIo } from '../../test/support/cli.ts';
import { poisson } from '../../test/support/sampling.ts';
import { seeded } from '../../lib/random.ts';
import { ScriptedServer, type Exchange } from '../../test/support/scripted-server.ts';
import { backtest, type BacktestFlags } from './backtest.ts';

const SCRAPE_S = 15;
const START_S = Date.UTC(2024, 0, 31) / 1000;

let folder: string;
let server: ScriptedServer;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-backtest-'));
  server = await ScriptedServer.start();
});

afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

/** A counter as Prometheus has it: one value for each scrape from START_S on. */
interface Counter {
  labels: Record<string, string>;
  values: number[];
}

/** What a service counts that answers 100 requests a scrape and pod, 1% of them badly, for `hours`. */
function counters(hours: number, pods: readonly string[]): Counter[] {
  const scrapes = (hours * 3600) / SCRAPE_S + 1;
  return pods.flatMap((pod, i) => {
    const random = seeded(i + 1);
    const grow = (mean: number) => {
      let value = 0;
      return Array.from({ length: scrapes }, () => (value += poisson(mean, random)));
    };
    const labels = { job: 'app', instance: `${pod}:80`, pod };
    return [
      { labels: { ...labels, code: '200' }, values: grow(99) },
      { labels: { ...labels, code: '500' }, values: grow(1) },
    ];
  });
}

/** Answers every query like a Prometheus that knows these counters. */
async function serve(
  all: readonly Counter[],
  onQuery: (query: string, exchange: Exchange) => boolean = () => false,
) {
  for (;;) {
    const exchange = await server.next();
    const form = new URLSearchParams(exchange.body);
    const query = form.get('query') ?? '';
    if (onQuery(query, exchange)) continue;
    const endS = Number(form.get('time'));
    const beginS = endS - Number(/\[(\d+)s[^\]]*\]$/.exec(query)?.[1]);
    const asked = all.filter(({ labels }) => !query.includes('code=~"5.."') || labels['code'] === '500');
    const result = asked.map(({ labels, values }) => {
      const from = Math.max(0, Math.floor((beginS - START_S) / SCRAPE_S) + 1);
      const to = Math.min(values.length - 1, Math.floor((endS - START_S) / SCRAPE_S));
      const kept = values.slice(from, to + 1);
      return {
        metric: labels,
        values: kept.map((value, i) => [START_S + (from + i) * SCRAPE_S, String(value)]),
      };
    });
    const filled = result.filter(({ values }) => values.length > 0);
    exchange.answer(200, { status: 'success', data: { resultType: 'matrix', result: filled } });
  }
}

const TEMPLATE = `metrics:
  - name: errors
    errorRate:
      bad: requests{namespace="{{namespace}}",pod=~"{{pods}}",code=~"5.."}
      total: requests{namespace="{{namespace}}",pod=~"{{pods}}"}
`;

const iso = (hours: number): string => new Date((START_S + hours * 3600) * 1000).toISOString();
const PODS = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `web-6d5f7-${letter.repeat(5)}`);

async function run(flags: Partial<BacktestFlags> = {}, template = TEMPLATE) {
  const io = recordingIo();
  const file = join(folder, 'template.yaml');
  writeFileSync(file, template);
  const given: BacktestFlags = {
    template: file,
    prometheus: server.url,
    target: 'shop/web',
    from: iso(0),
    to: iso(6),
    runs: '10',
    seed: '1',
    ...flags,
  };
  const ended = await backtest(io, given).then(
    (code) => ({ code, error: '' }),
    (error: unknown) => ({ code: undefined, error: String(error) }),
  );
  return { ...ended, text: io.printed.join('\n'), progress: io.complained };
}

describe('sluice backtest', () => {
  it('plays the pods of the target, and reports what it found', async () => {
    const queries = new Set<string>();
    void serve(counters(6, PODS), (query) => {
      queries.add(query.replace(/\[\d+s\]$/, ''));
      return false;
    });
    const svg = join(folder, 'out.svg');
    const { code, text, progress } = await run({ plot: svg });
    expect(code).toBe(0);
    expect([...queries]).toEqual([
      'requests{namespace="shop",pod=~"web-[a-z0-9]+-[a-z0-9]{5}",code=~"5.."}',
      'requests{namespace="shop",pod=~"web-[a-z0-9]+-[a-z0-9]{5}"}',
    ]);
    expect(text).toMatch(
      /240\d requests a minute, (1|0\.99|1\.01)% of them errors; a canary gets 120 of them at 5%; 6 pods; calibration 2 of 2/,
    );
    expect(text).toMatch(/^nothing \(A\/A\) +0% \[0%, 27\.8%\]/m);
    expect(text).toMatch(/^errors ×10 +100% \[72\.2%, 100%\]/m);
    expect(text).toContain('Errors ×10: found in');
    expect(progress).toContain(`reading ${server.url}: 100%`);
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg [^]*healthy, promoted[^]*errors ×2[^]*<\/svg>\n$/);
  });

  it('deals requests out at random where a gateway counts them, and says so', async () => {
    void serve(counters(6, ['gateway-1']));
    const { text } = await run(
      { provider: 'istio', output: 'json' },
      'metrics: [{name: e, errorRate: {preset: auto}}]',
    );
    const result = JSON.parse(text) as Record<string, unknown> & {
      scenarios: { name: string }[];
      advice: string[];
    };
    expect(result).toMatchObject({
      pods: 0,
      target: 'shop/web',
      steps: [5, 25, 50],
    });
    expect(result.scenarios.map(({ name }) => name)).not.toContain('latency ×1.5');
    expect(result.scenarios[0]).toMatchObject({ name: 'nothing (A/A)', runs: 10, rolledBack: { low: 0 } });
    expect(result.advice.join(' ')).toContain('the false-alarm rate above is optimistic');
  });

  it('asks for less at a time where Prometheus cannot answer more', async () => {
    let refused = 0;
    void serve(counters(3, PODS), (query, exchange) => {
      if (Number(/\[(\d+)s\]$/.exec(query)?.[1]) < 2400) return false;
      refused += 1;
      exchange.answer(503, { status: 'error', errorType: 'timeout' });
      return true;
    });
    expect((await run({ to: iso(3), runs: '2' })).code).toBe(0);
    expect(refused).toBeGreaterThan(0);
  });

  it('begins where the memory of Prometheus begins, and says so', async () => {
    void serve(counters(4, PODS));
    const from = iso(-5);
    const { code, text } = await run({ from, to: iso(4), runs: '2' });
    expect(code).toBe(0);
    expect(text).toContain(
      'Prometheus has no requests in the first 5h of the range (its retention may be shorter)',
    );
  });

  it('holds stable’s own values to the conditions of thresholds, and leaves series out', async () => {
    void serve(counters(4, PODS), (query, exchange) => {
      if (!query.startsWith('(queue{')) return false;
      expect(query).toMatch(/^\(queue\{service="web"\}\)\[\d+s:15s\]$/);
      const endS = Number(new URLSearchParams(exchange.body).get('time'));
      const values = Array.from({ length: 240 }, (_, i) => [
        endS - 15 * i,
        i % 40 === 0 ? '7' : '1',
      ]).reverse();
      exchange.answer(200, {
        status: 'success',
        data: { resultType: 'matrix', result: [{ metric: {}, values }] },
      });
      return true;
    });
    const queue = 'queue{service="{{service}}"}';
    const more = `${TEMPLATE}  - { name: queue, threshold: { query: '${queue}', failure: value > 5 } }
  - { name: load, series: { query: load } }\n`;
    const { text, error } = await run({ to: iso(4), runs: '10' }, more);
    expect(error).toBe('');
    // once, within the first ten minutes, the queue is too long
    expect(text).toMatch(/^nothing \(A\/A\) +100% .* 0% /m);
    expect(text).toContain('Metric queue (threshold) sees stable’s values in both arms');
    expect(text).toContain('Metric load (series) is not replayed: it is left out of every verdict here.');
  });

  it('wants one value of a threshold, not several', async () => {
    void serve(counters(4, PODS));
    const more = `${TEMPLATE}  - { name: queue, threshold: { query: queue, failure: value > 5 } }\n`;
    expect((await run({ to: iso(4) }, more)).error).toMatch(
      /queue: the query returns several series; aggregate it/,
    );
  });
});

describe('sluice backtest --policy', () => {
  const policy = (spec: string): string => {
    const file = join(folder, 'policy.yaml');
    writeFileSync(file, `kind: ReleasePolicy\nmetadata: { name: careful }\nspec: ${spec}\n`);
    return file;
  };

  it('plays its steps, and says what the past cannot tell of them', async () => {
    void serve(counters(6, PODS));
    const spec = '{ mirror: { percent: 10 }, steps: [{ weight: 30, pause: true }, { weight: 60 }] }';
    const { text, error } = await run({ policy: policy(spec), runs: '2' });
    expect(error).toBe('');
    expect(text).toContain('through the steps 30%, 60%');
    expect(text).toContain('Steps at 0% are not replayed: they split nothing by weight.');
    expect(text).toContain('the release is resumed at once');
    expect(text).toContain('ReleasePolicy careful judges by http; here only template.yaml is judged.');
  });

  it.each([
    {
      spec: '{ strategy: blueGreen }',
      flags: {},
      want: '--policy: none of its steps splits requests by weight',
    },
    { spec: '{}', flags: { steps: '5' }, want: '--steps: "5" cannot be given with --policy' },
  ])('refuses $spec with $flags', async ({ spec, flags, want }) => {
    expect((await run({ policy: policy(spec), ...flags })).error).toContain(want);
  });
});

describe('what cannot be played', () => {
  it.each<{ flags: Partial<BacktestFlags>; want: RegExp }>([
    {
      flags: { prometheus: 'here' },
      want: /--prometheus: here is not a name and an http URL; write name=http/,
    },
    {
      flags: { prometheus: 'http://me:secret@prom:9090/?tenant=a' },
      want: /--prometheus: http:\/\/…@prom:9090\/\?tenant=a is not a name and an http URL/,
    },
    { flags: { target: 'web' }, want: /--target: "web" is not namespace\/name/ },
    { flags: { runs: '0' }, want: /--runs: "0" is not usable/ },
    { flags: { from: iso(5) }, want: /--from: there is only 1h of history; give a range of at least 2h/ },
    {
      flags: { from: iso(20), to: iso(30) },
      want: /--from: Prometheus has no requests from .* to .*; see --target/,
    },
    {
      // reported before anything is read
      flags: { plot: '/proc/nonexistent/out.svg', prometheus: 'http://127.0.0.1:1' },
      want: /--plot: "\/proc\/nonexistent\/out.svg" cannot be written \(ENOENT\)/,
    },
  ])('$flags', async ({ flags, want }) => {
    void serve(counters(6, PODS));
    expect((await run(flags)).error).toMatch(want);
  });

  it('a Prometheus that is down', async () => {
    const { error } = await run({ prometheus: 'http://127.0.0.1:1' });
    expect(error).toMatch(
      /"http:\/\/127.0.0.1:1": Prometheus cannot be reached \(ECONNREFUSED\); give its base URL/,
    );
  });

  it('a query that Prometheus refuses, named', async () => {
    void serve([], (_query, exchange) => {
      exchange.answer(400, { status: 'error', errorType: 'bad_data' });
      return true;
    });
    expect((await run()).error).toMatch(/Prometheus refused the query .* answers this query: requests\{/);
  });

  it.each([
    {
      yaml: 'metrics: [{name: a, threshold: {query: x, success: value < 1}}]',
      want: /no metric of it can be replayed/,
    },
    {
      yaml: 'metrics: [{name: a, errorRate: {preset: auto}}]',
      want: /finds no queries that fit.*--provider names what counted/,
    },
    {
      yaml: TEMPLATE.replaceAll('{{namespace}}', '{{args.zone}}').concat('args: [{name: zone}]\n'),
      want: /--args: "zone" has no value; give zone=value/,
    },
  ])('a template: $want', async ({ yaml, want }) => {
    expect((await run({}, yaml)).error).toMatch(want);
  });

  it('ends with 130 when it is interrupted', async () => {
    const io = recordingIo();
    const template = join(folder, 'template.yaml');
    writeFileSync(template, TEMPLATE);
    void serve(counters(3, PODS), () => {
      io.interrupt();
      return false;
    });
    const common = { template, prometheus: server.url, target: 'shop/web', runs: '10', seed: '1' };
    expect(await backtest(io, { ...common, from: iso(0), to: iso(3) })).toBe(130);
    expect(io.printed).toEqual([]);
  });

  it('and nothing is left behind', async () => {
    await run({ plot: join(folder, 'out.svg'), prometheus: 'http://127.0.0.1:1' });
    expect(existsSync(join(folder, 'out.svg'))).toBe(false);
  });
});
