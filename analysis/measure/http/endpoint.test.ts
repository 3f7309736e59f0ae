import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../../../api/analysis.ts';
import type { Job } from '../job.ts';
import type { Endpoint } from '../source.ts';
import { openHttp } from './endpoint.ts';

let server: Server | undefined;
let endpoint: Endpoint | undefined;
/** What the server answers at the moment, by path. */
let documents: Record<string, unknown> = {};

async function started(maxBytes?: number): Promise<Endpoint> {
  const listening = createServer((request, response) => {
    const document = documents[request.url ?? ''];
    response.end(typeof document === 'string' ? document : JSON.stringify(document));
  });
  server = listening;
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
  const { port } = listening.address() as AddressInfo;
  endpoint = openHttp(`http://127.0.0.1:${port}/base/`, maxBytes === undefined ? {} : { maxBytes });
  return endpoint;
}

afterEach(() => {
  endpoint?.close();
  server?.closeAllConnections();
  server?.close();
});

const job = (index: number, pods = 'a,b'): Job => ({
  key: 'errors',
  window: { startMs: index * 1000, endMs: (index + 1) * 1000 },
  arms: { canary: 'canary', stable: 'stable' },
  variables: { canary: { pods, arm: 'canary' }, stable: { pods, arm: 'stable' } },
  calibrate: false,
});

const QUERY = { bad: '/counts?of={{pods}}#/{{arm}}/bad', total: '/counts?of={{pods}}#/{{arm}}/total' };
const QUERIES = { canary: QUERY, stable: QUERY };

async function count(of: Endpoint, index: number, pods?: string): Promise<Measurement | undefined> {
  return of.session('shop').counts?.(job(index, pods), QUERIES);
}

const counts = (total: number, bad = 0) => ({ canary: { bad, total }, stable: { bad, total } });

describe('an error rate of two cumulative counts', () => {
  it('begins with the second window, and says so', async () => {
    documents = { '/base/counts?of=a,b': counts(100) };
    const of = await started();
    expect(await count(of, 0)).toMatchObject({
      outcome: 'noData',
      sentence: expect.stringContaining('the next one has both') as string,
    });
  });

  it('does not span a window that was left out', async () => {
    documents = { '/base/counts?of=a,b': counts(100) };
    const of = await started();
    await count(of, 0);
    expect(await count(of, 2)).toMatchObject({ outcome: 'noData' });
    documents = { '/base/counts?of=a,b': counts(130) };
    expect(await count(of, 3)).toMatchObject({ outcome: 'ok', canary: { total: 30 } });
  });

  it('counts a window that is measured again from where it began', async () => {
    documents = { '/base/counts?of=a,b': counts(100) };
    const of = await started();
    await count(of, 0);
    documents = { '/base/counts?of=a,b': counts(130) };
    await count(of, 1);
    documents = { '/base/counts?of=a,b': counts(140) };
    expect(await count(of, 1)).toMatchObject({ outcome: 'ok', canary: { total: 40 } });
  });

  it('compares no counts of other pods', async () => {
    documents = { '/base/counts?of=a,b': counts(100), '/base/counts?of=a,b,c': counts(900) };
    const of = await started();
    await count(of, 0);
    expect(await count(of, 1, 'a,b,c')).toMatchObject({
      outcome: 'noData',
      sentence: expect.stringContaining('pods came or went') as string,
    });
  });
});

describe('one number', () => {
  const number = (of: Endpoint, text: string, nan: 'zero' | 'refuse' = 'refuse') =>
    of.session('shop').number(job(0), { arm: 'canary', text, nan });

  it.each([
    ['/v#/n', 0.25],
    ['/v#/list/1', 7],
    ['/v#/huge', Number.MAX_VALUE],
    ['/v#/null', { outcome: 'nan' }],
    ['/v#/nan', { outcome: 'nan' }],
    ['/v#/text', { outcome: 'badQuery', sentence: 'canary: the value at #/text is a text, not a number' }],
    ['/v#/list', { outcome: 'badQuery' }],
    ['/v#/nothing', { outcome: 'noData', sentence: 'canary: the document has nothing at #/nothing' }],
    ['/html#/n', { outcome: 'serverError', sentence: 'canary: the answer of the end point is not JSON' }],
    ['/../v#/n', { outcome: 'badQuery', sentence: 'canary: the query leads out of its end point' }],
  ])('%s', async (text, want) => {
    documents = {
      '/base/v': '{"n":0.25,"list":[1,7],"huge":1e999,"null":null,"nan":"NaN","text":"12"}',
      '/base/html': '<html>',
    };
    const got = await number(await started(), text);
    if (typeof want === 'number') expect(got).toBe(want);
    else expect(got).toMatchObject(want);
  });

  it('counts what is no number as 0 where the metric says so', async () => {
    documents = { '/base/v': { n: null } };
    expect(await number(await started(), '/v#/n', 'zero')).toBe(0);
  });

  it('is not looked for in an answer without end', async () => {
    documents = { '/base/v': { n: 1, more: 'x'.repeat(4096) } };
    expect(await number(await started(2048), '/v#/n')).toMatchObject({
      outcome: 'serverError',
      sentence: 'canary: the answer is larger than 2 KiB',
    });
  });
});
