import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPrometheusClient, type Answer } from '../../analysis/measure/prometheus/client.ts';
import { joinedClient } from '../../analysis/measure/prometheus/joined.ts';
import { fenced } from '../../analysis/promql/fence.ts';
import { parseQuery } from '../../analysis/promql/parse.ts';
import { misuseIn } from '../../analysis/promql/types.ts';
import { HANG_MS } from '../support/eventually.ts';
import { filledPrometheus, type FilledPrometheus } from '../support/filled-prometheus.ts';
import { hostileQuery } from '../support/promql-arbitrary.ts';
import { ACCEPTED, REFUSED } from '../support/promql-queries.ts';

const AT_S = Date.UTC(2024, 0, 31) / 1000;
const LABELS = ['job="app",instance="a:1"', 'job="app",instance="b:1"'];

/** The counts of a namespace: its numbers show the owner. */
function seriesOf(namespace: string | undefined, value: number): string[] {
  const where = namespace === undefined ? '' : `,namespace="${namespace}"`;
  return ['secret', 'target_info', 'requests_total'].flatMap((name, i) =>
    LABELS.flatMap((labels) =>
      Array.from(
        { length: 41 },
        (_, k) =>
          `${name}{${labels},owner="${namespace ?? 'nobody'}"${where}} ${value + i} ${AT_S - (40 - k) * 15}`,
      ),
    ),
  );
}

let prometheus: FilledPrometheus;

beforeAll(async () => {
  prometheus = await filledPrometheus([
    ...seriesOf('shop', 1),
    ...seriesOf('bank', 1_000_003),
    ...seriesOf(undefined, 1_000_003),
  ]);
});

afterAll(() => prometheus.close());

async function accepted(query: string): Promise<boolean> {
  const body = new URLSearchParams({ query, time: String(AT_S) });
  const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body });
  return response.status === 200;
}

function understood(query: string): boolean {
  const parsed = parseQuery(query);
  return parsed.ok && misuseIn(parsed.query) === undefined;
}

describe('what is judged offline is judged as a real Prometheus judges it', () => {
  test.each(ACCEPTED)('taken: %s', async (query) => {
    expect(await accepted(query)).toBe(true);
    expect(understood(query)).toBe(true);
  });

  test.each(REFUSED)('refused: %s', async (query) => {
    expect(await accepted(query)).toBe(false);
    expect(understood(query)).toBe(false);
  });
});

describe('a query that is fenced into a namespace', () => {
  const fence = { label: 'namespace', value: 'shop' };

  async function answerTo(query: string): Promise<string> {
    const body = new URLSearchParams({ query, time: String(AT_S) });
    const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body });
    return response.text();
  }

  test('reads nothing of another one, whatever its author wrote', async () => {
    const seen = { answers: 0, own: 0 };
    await fc.assert(
      fc.asyncProperty(hostileQuery, async (query) => {
        const limited = fenced(query, fence);
        if (!limited.ok) return;
        const answer = await answerTo(limited.query);
        // for a query that it refuses it reads nothing; the words are the query's own
        if (!answer.startsWith('{"status":"success"')) return;
        seen.answers++;
        if (answer.includes('"owner":"shop"')) seen.own++;
        expect(answer, limited.query).not.toContain('bank');
        expect(answer, limited.query).not.toContain('nobody');
        // numbers that the generator's arithmetic cannot make from those of shop
        expect(answer, limited.query).not.toMatch(/"10000\d\d/);
      }),
      { numRuns: 600, seed: 20_261_121 },
    );
    expect(seen.own).toBeGreaterThan(30);
    expect(seen.answers).toBeGreaterThan(300);
  });

  test('still answers for its own', async () => {
    const limited = fenced('sum by (owner) (secret)', fence);
    expect(limited.ok && (await answerTo(limited.query))).toContain('"owner":"shop"');
    const client = createPrometheusClient({ url: prometheus.url });
    const all = await client.instant('sum by (owner) (secret)', AT_S * 1000);
    client.close();
    expect(all.ok && all.series).toHaveLength(3);
  });
});

describe('selectors that are asked together', () => {
  const value = fc.constantFrom(
    ...[
      '',
      'bank',
      'shop',
      'app',
      '.*',
      '.+',
      'shop|bank',
      '(?i)SHOP',
      '[[:alpha:]]{4}',
      's\\w+p',
      '.\\:1',
      'a:1',
      '(',
    ],
  );
  const op = fc.constantFrom('=', '!=', '=~', '!~');
  const label = fc.constantFrom('namespace', 'owner', 'instance', 'nothing');
  const test_ = fc.tuple(label, op, value).map(([name, is, text]) => `${name}${is}${JSON.stringify(text)}`);
  const own = fc.oneof(
    test_,
    value.map((text) => `owner=~${JSON.stringify(text)}`),
  );
  /** All may have a condition in common, so that some can be asked together. */
  const questions = fc
    .tuple(
      fc.array(test_, { maxLength: 1 }),
      fc.array(fc.tuple(fc.constantFrom('secret', 'requests_total'), fc.array(own, { maxLength: 1 })), {
        minLength: 2,
        maxLength: 6,
      }),
    )
    .map(([all, each]) => each.map(([name, more]) => `${name}{${[...all, ...more].join(',')}}[60s]`));
  const inOrder = (answer: Answer): unknown =>
    answer.ok
      ? { ...answer, series: answer.series.map((one) => JSON.stringify(one)).sort() }
      : answer.outcome;

  test('get what each of them gets alone, failures too', async () => {
    const client = createPrometheusClient({ url: prometheus.url, timeoutMs: HANG_MS });
    const seen = { joint: 0, alone: 0, series: 0 };
    await fc.assert(
      fc.asyncProperty(questions, async (queries) => {
        const alone = await Promise.all(queries.map((query) => client.instant(query, AT_S * 1000)));
        const joined = joinedClient({
          ...client,
          instant: (promql, timeMs) => {
            seen.joint += queries.includes(promql) ? 0 : 1;
            return client.instant(promql, timeMs);
          },
        });
        const together = await Promise.all(queries.map((query) => joined.instant(query, AT_S * 1000)));
        expect(together.map(inOrder), queries.join(' ')).toEqual(alone.map(inOrder));
        seen.alone += alone.filter(({ ok }) => !ok).length;
        seen.series += alone.filter((answer) => answer.ok && answer.series.length > 0).length;
      }),
      { numRuns: 60, seed: 20_261_130 },
    );
    client.close();
    expect(seen.joint).toBeGreaterThan(20);
    expect(seen.alone).toBeGreaterThan(3);
    expect(seen.series).toBeGreaterThan(100);
  });
});
