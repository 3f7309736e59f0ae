import { describe, expect, it } from 'vitest';
import { settle } from '../../../test/support/virtual-clock.ts';
import { get, objects, text } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { listen } from '../listen.ts';
import { configMap, CONFIGMAPS, TestClient, version } from '../../../test/support/apiserver/client.ts';
import type { Answer } from '../../../test/support/apiserver/client.ts';

const FAULTS = '/playground/faults';
const AT = `${CONFIGMAPS}/a`;

async function given(...faults: JsonObject[]): Promise<TestClient> {
  const client = new TestClient(undefined, true);
  await client.post(CONFIGMAPS, configMap('a', { x: '0' }));
  expect((await client.post(FAULTS, faults)).status).toBe(200);
  return client;
}
const names = ({ body }: Answer): string[] =>
  objects(body['items']).map((item) => text(get(item, 'metadata', 'name')));

async function statuses(times: number, act: () => Promise<Answer>): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < times; i++) out.push((await act()).status);
  return out;
}

describe('the endpoint of faults', () => {
  it('is not there unless asked for', async () => {
    expect((await new TestClient().get(FAULTS)).status).toBe(404);
  });

  it('is for administrators, whose token it needs', async () => {
    const client = new TestClient('secret', true);
    expect((await client.get(FAULTS)).status).toBe(403);
    client.headers = { authorization: 'Bearer secret' };
    expect((await client.get(FAULTS)).body).toEqual({ faults: [] });
    client.headers = { authorization: 'Bearer secret', 'impersonate-user': 'ann' };
    expect((await client.get(FAULTS)).status).toBe(403);
  });

  it('adds, shows with counts, replaces and removes', async () => {
    const client = await given({ id: 'slow', effect: 'error' }, { effect: 'error', skip: 99 });
    await client.get(AT);
    const shown = objects((await client.get(FAULTS)).body['faults']);
    expect(shown.map(({ id, matched, struck }) => [id, matched, struck])).toEqual([
      ['slow', 1, 1],
      ['fault-2', 1, 0],
    ]);
    expect((await client.delete(`${FAULTS}/slow`)).status).toBe(200);
    expect((await client.delete(`${FAULTS}/slow`)).status).toBe(404);
    expect((await client.get(AT)).status).toBe(200);
    await client.put(FAULTS, { effect: 'error', status: 504 });
    expect((await client.get(AT)).status).toBe(504);
    expect((await client.delete(FAULTS)).body).toEqual({ faults: [] });
    expect((await client.get(AT)).status).toBe(200);
  });

  const bad: { given: Json; want: RegExp }[] = [
    { given: { effect: 'fire' }, want: /effect: "fire": give one of latency, error/ },
    { given: { effect: 'error', status: 418 }, want: /status: 418: give one of 409/ },
    { given: { effect: 'latency', ms: -1 }, want: /ms: -1: give a whole number/ },
    { given: { effect: 'drop', probability: 2 }, want: /probability: 2/ },
    { given: { effect: 'drop', route: { verbs: ['eat'] } }, want: /route.verbs: "eat"/ },
    { given: { effect: 'drop', route: { path: '/' } }, want: /route.path: "\/": no such field/ },
    { given: { effect: 'drop', when: 'now' }, want: /when: "now": no such field/ },
    { given: 'drop', want: /body: "drop"/ },
  ];
  for (const { given: fault, want } of bad) {
    it(`refuses ${JSON.stringify(fault)}, and plans nothing`, async () => {
      const client = new TestClient(undefined, true);
      const answer = await client.post(FAULTS, [{ effect: 'error' }, fault]);
      expect(answer.status).toBe(400);
      expect(answer.body['message']).toMatch(want);
      expect((await client.get(FAULTS)).body).toEqual({ faults: [] });
    });
  }
});

describe('a fault', () => {
  for (const [status, reason] of [
    [409, 'Conflict'],
    [429, 'TooManyRequests'],
    [500, 'InternalError'],
    [504, 'Timeout'],
  ] as const) {
    it(`answers ${status} ${reason}`, async () => {
      const client = await given({ effect: 'error', status, times: 1 });
      const answer = await client.get(AT);
      expect(answer.status).toBe(status);
      expect(answer.body).toMatchObject({ kind: 'Status', status: 'Failure', reason, code: status });
      expect(answer.headers['retry-after']).toBe(status === 429 ? '1' : undefined);
      expect((await client.get(AT)).status).toBe(200);
    });
  }

  it('lets some through first, and strikes so many times', async () => {
    const client = await given({ effect: 'error', skip: 1, times: 2 });
    expect(await statuses(5, () => client.get(AT))).toEqual([200, 500, 500, 200, 200]);
  });

  it('draws the same lots from the same seed', async () => {
    const run = async (seed: number): Promise<number[]> => {
      const client = await given({ effect: 'error', probability: 0.5, seed });
      return statuses(40, () => client.get(AT));
    };
    const first = await run(7);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
    const struck = first.filter((status) => status === 500).length;
    expect(struck).toBeGreaterThan(10);
    expect(struck).toBeLessThan(30);
  });

  const patch = (client: TestClient, url = AT): Promise<Answer> =>
    client.patch(url, 'merge', { data: { x: '1' } });
  const routes: { route: JsonObject; want: number[] }[] = [
    { route: { verbs: ['get'] }, want: [500, 200, 200, 200] },
    { route: { verbs: ['list', 'patch'] }, want: [200, 500, 500, 500] },
    { route: { resource: 'configmaps', name: 'a' }, want: [500, 200, 500, 200] },
    { route: { resource: 'secrets' }, want: [200, 200, 200, 500] },
    { route: { namespace: 'other' }, want: [200, 200, 200, 200] },
    { route: { user: 'playground-admin' }, want: [500, 500, 500, 500] },
    { route: { subresource: 'status' }, want: [200, 200, 200, 200] },
  ];
  for (const { route, want } of routes) {
    it(`strikes where its route says: ${JSON.stringify(route)}`, async () => {
      const client = await given({ effect: 'error', route });
      const answers = [
        await client.get(AT),
        await client.get(CONFIGMAPS),
        await patch(client),
        await client.get('/api/v1/namespaces/default/secrets'),
      ];
      expect(answers.map(({ status }) => status)).toEqual(want);
    });
  }

  it('loses only the answer of a write that is carried out', async () => {
    const route = { verbs: ['patch'] };
    const client = await given({ effect: 'error', status: 504, carriedOut: true, times: 1, route });
    expect((await patch(client)).status).toBe(504);
    expect(get((await client.get(AT)).body, 'data')).toEqual({ x: '1' });
    const other = await given({ effect: 'error', status: 504, times: 1, route });
    await patch(other);
    expect(get((await other.get(AT)).body, 'data')).toEqual({ x: '0' });
  });

  it('delays a request by so many milliseconds', async () => {
    const client = await given({ effect: 'latency', ms: 250 });
    let done = false;
    const answer = client.get(AT).then(() => (done = true));
    await client.clock.advance(249);
    expect(done).toBe(false);
    await client.clock.advance(1);
    await answer;
    expect(done).toBe(true);
  });

  it('drops the connection without an answer', async () => {
    const client = await given({ effect: 'drop', times: 1 });
    const listening = await listen(client.server, 0);
    await expect(fetch(`${listening.url}${AT}`)).rejects.toThrow();
    expect((await fetch(`${listening.url}${AT}`)).status).toBe(200);
    await listening.close();
  });

  it('shows lists as they were when it was asked for', async () => {
    const client = await given({ effect: 'stale', times: 2 });
    const before = version(await client.get(AT));
    await client.post(CONFIGMAPS, configMap('b'));
    const stale = await client.get(CONFIGMAPS);
    expect(names(stale)).toEqual(['a']);
    expect(version(stale)).toBe(before);
    expect(names(await client.get(`${CONFIGMAPS}?resourceVersion=0`))).toEqual(['a']);
    expect(names(await client.get(CONFIGMAPS))).toEqual(['a', 'b']);
  });

  it('answers lists and watches with 410', async () => {
    const client = await given({ effect: 'gone', times: 2 });
    expect((await client.get(CONFIGMAPS)).body).toMatchObject({ code: 410, reason: 'Expired' });
    const watch = await client.raw('GET', `${CONFIGMAPS}?watch=true&resourceVersion=5`);
    expect(watch.status).toBe(200);
    expect(JSON.parse(watch.body as string)).toMatchObject({ type: 'ERROR', object: { code: 410 } });
    expect((await client.get(AT)).status).toBe(200);
    expect((await client.get(CONFIGMAPS)).status).toBe(200);
  });

  const cuts = [
    { effect: 'endWatch', ended: true },
    { effect: 'halfOpenWatch', ended: false },
  ];
  for (const { effect, ended } of cuts) {
    it(`passes some events of a watch on, then ${ended ? 'ends it' : 'says nothing more'}: ${effect}`, async () => {
      const client = await given({ effect, events: 2, times: 1 });
      const watch = await client.watch(`${CONFIGMAPS}?watch=true&timeoutSeconds=60`);
      const whole = await client.watch(`${CONFIGMAPS}?watch=true&timeoutSeconds=60`);
      for (const name of ['b', 'c', 'd']) await client.post(CONFIGMAPS, configMap(name));
      await settle();
      const seen = (events: JsonObject[]): string[] =>
        events.map((event) => text(get(event, 'object', 'metadata', 'name')));
      expect(seen(watch.read())).toEqual(['a', 'b']);
      expect(seen(whole.read())).toEqual(['a', 'b', 'c', 'd']);
      expect(watch.ended()).toBe(ended);
      await client.clock.advance(61_000);
      expect(whole.ended()).toBe(true);
      expect(watch.ended()).toBe(ended);
      watch.close();
      await settle();
      expect(watch.ended()).toBe(true);
      expect(client.clock.pending).toBe(0);
    });
  }
});
