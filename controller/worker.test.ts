import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import { KubeClient } from '../kube/client.ts';
import { aStatus } from '../test/support/release-builders.ts';
import { ScriptedTransport } from '../test/support/scripted-transport.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { EventRecorder } from './events.ts';
import { Metrics } from './metrics.ts';
import type { Action, Decision } from '../release/model.ts';
import { Seal } from './seal/seal.ts';
import { Worker } from './worker.ts';

const KEY = 'team/shop';
const shop: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'team', name: 'shop', uid: 'uid-shop' },
};

let clock: VirtualClock;
let lines: string[];
let forgotten: string[];
let decision: Partial<Decision>;
let status: number;
/** Warning header of every answer */
let warning: string;
let known: boolean;
let synced: boolean;
let worker: Worker;
/** Events written */
let sent: KubeObject[];

beforeEach(() => {
  clock = new VirtualClock();
  lines = [];
  forgotten = [];
  decision = {};
  status = 200;
  warning = '';
  known = true;
  synced = true;
  sent = [];
  const server = new ScriptedTransport(({ path, body }) => {
    if (!path.endsWith('/events'))
      return {
        status,
        body: { apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, message: 'no' },
        headers: { warning },
      };
    sent.push(body as KubeObject);
    return { status: 201, body };
  });
  const resources = Object.values(RESOURCES);
  const client = new KubeClient({ transport: server, clock, fieldManager: 'sluice', resources });
  worker = new Worker({
    client,
    reader: {
      list: ({ plural }) => (!synced ? undefined : plural === 'deployments' ? [shop] : []),
      written: () => undefined,
    },
    measurements: {
      submit: () => undefined,
      measured: () => undefined,
      measuring: () => false,
      forget: (key) => forgotten.push(key),
    },
    events: new EventRecorder({ client, now: () => clock.now(), random: () => 0 }),
    config: () => ({
      namespace: 'sluice-system',
      hold: 'pause',
      endpoints: [],
      scrapeLagMs: 0,
      minIntervalMs: 1_000,
    }),
    decide: () => ({
      rule: 'idle',
      reason: 'Idle',
      sentence: 'Nothing to do.',
      outcome: 'done',
      actions: [],
      ...decision,
    }),
    mayAct: () => true,
    seal: () => new Seal([Buffer.alloc(32, 1)]),
    isTarget: () => known,
    clock,
    metrics: new Metrics({
      queueDepth: () => 0,
      isLeader: () => true,
      releasesKept: () => true,
      hold: () => ({ wanted: 'pause', mode: 'pause' }),
      blind: () => [],
    }),
    log: pino({ level: 'info', base: null, timestamp: false }, { write: (line: string) => lines.push(line) }),
  });
});

const write: Action = {
  do: 'write',
  why: 'set the weight',
  write: {
    verb: 'jsonPatch',
    ref: { resource: RESOURCES.ingresses, namespace: 'team', name: 'web' },
    patch: [],
  },
};
const told = (): unknown[] => lines.map((line) => (JSON.parse(line) as { msg: unknown }).msg);

describe('work on one target', () => {
  it('comes back when the decision asks for it', async () => {
    decision = { requeueAfterMs: 15_000 };
    expect(await worker.work(KEY)).toEqual({ retry: false, requeueAfterMs: 15_000 });
  });

  it.each([422, 409, 500, 403])('is tried again after a %i', async (code) => {
    decision = { actions: [write] };
    status = code;
    expect(await worker.work(KEY)).toEqual({ retry: true });
  });

  it('comes back for a write that was refused, whatever the decision waits for', async () => {
    decision = { actions: [{ ...write, onRefusal: { then: 'stop', name: 'Copy x' } }] };
    status = 403;
    expect(await worker.work(KEY)).toEqual({ retry: true });
    await clock.advance(5_000);
    decision = {};
    expect(await worker.work(KEY)).toEqual({ retry: false, requeueAfterMs: 25_000 });
    await clock.advance(25_000);
    expect(await worker.work(KEY)).toEqual({ retry: false, requeueAfterMs: undefined });
  });

  it('waits for the watches while something is not known', async () => {
    synced = false;
    expect(await worker.work(KEY)).toEqual({ retry: false });
    expect(lines).toEqual([]);
  });

  it('forgets measurements of what is no target any more', async () => {
    await worker.work(KEY);
    expect(forgotten).toEqual([]);
    known = false;
    await worker.work(KEY);
    expect(forgotten).toEqual([KEY]);
  });
});

describe('the log', () => {
  it('tells a decision that does nothing once, and again when it is another', async () => {
    await worker.work(KEY);
    await worker.work(KEY);
    decision = { reason: 'Holding', sentence: 'Held.' };
    await worker.work(KEY);
    expect(told()).toEqual(['Nothing to do.', 'Held.']);
  });

  it('tells every decision that acted, with what it did', async () => {
    decision = { actions: [write] };
    await worker.work(KEY);
    await worker.work(KEY);
    expect(lines).toHaveLength(2);
    expect(JSON.parse(lines[0]!)).toEqual({
      level: 30,
      target: KEY,
      rule: 'idle',
      reason: 'Idle',
      outcome: 'done',
      did: ['set the weight'],
      msg: 'Nothing to do.',
    });
  });

  it('tells a failure once, not at each attempt, and anew after a success', async () => {
    decision = { actions: [write] };
    for (const code of [500, 500, 403, 200, 500]) {
      status = code;
      await worker.work(KEY);
    }
    expect(told()).toEqual(['action failed', 'action failed', 'Nothing to do.', 'action failed']);
  });

  it('is silent about a guard that failed', async () => {
    decision = { actions: [write] };
    status = 422;
    await worker.work(KEY);
    expect(lines).toEqual([]);
  });
});

describe('warnings of the server', () => {
  const warned = (): unknown[] =>
    lines
      .map((line) => JSON.parse(line) as { msg: string })
      .filter(({ msg }) => msg === 'the API server warned');
  const inRelease = (release: string): void => {
    const next = aStatus({ phase: 'Progressing' });
    decision = { actions: [write], status: { release, next } };
  };

  it('are told once per release, whatever is written again and again', async () => {
    warning = '299 - "unknown field \\"spec.x\\"", 299 - "IST0101: no such host"';
    inRelease('shop-2');
    await worker.work(KEY);
    await worker.work(KEY);
    expect(warned()).toEqual([
      {
        level: 40,
        target: KEY,
        release: 'shop-2',
        doing: 'set the weight',
        warning: 'unknown field "spec.x"',
        msg: 'the API server warned',
      },
      expect.objectContaining({ warning: 'IST0101: no such host' }),
    ]);
    inRelease('shop-3');
    await worker.work(KEY);
    expect(warned()).toHaveLength(4);
  });

  it('are told of writes that are refused, too', async () => {
    warning = '299 - "no"';
    decision = { actions: [write] };
    status = 422;
    await worker.work(KEY);
    expect(warned()).toHaveLength(1);
  });

  it('are not kept for ever, and told anew of what was no target for a while', async () => {
    decision = { actions: [write] };
    for (let i = 0; i < 60; i++) {
      warning = `299 - "number ${i}"`;
      await worker.work(KEY);
    }
    expect(warned()).toHaveLength(50);
    known = false;
    await worker.work(KEY);
    await worker.work(KEY);
    expect(warned()).toHaveLength(51);
  });
});

describe('an action that keeps failing', () => {
  const attempts = async (codes: number[]): Promise<void> => {
    decision = { actions: [write] };
    for (const code of codes) {
      status = code;
      await worker.work(KEY);
    }
  };

  it.each([
    { code: 403, times: 1, reason: 'Forbidden' },
    { code: 413, times: 3, reason: 'ActionFailed' },
    { code: 422, times: 10, reason: 'ActionFailed' },
  ])('is told to the owner of the target once, after $times answers with $code', async (given) => {
    await attempts(new Array<number>(given.times - 1).fill(given.code));
    expect(sent).toEqual([]);
    await attempts(new Array<number>(20).fill(given.code));
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({
      type: 'Warning',
      reason: given.reason,
      message: 'An action of Sluice keeps failing (set the weight): no',
      involvedObject: { kind: 'Deployment', namespace: 'team', name: 'shop', uid: 'uid-shop' },
    });
  });

  it('is not told when it passes by itself', async () => {
    await attempts([500, 500, 200, 500, 500, 422, 422, 200]);
    expect(sent).toEqual([]);
  });

  it('is logged too when it is a guard', async () => {
    await attempts(new Array<number>(12).fill(422));
    expect(told()).toEqual(['a guard keeps failing']);
  });
});
