import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { KubeClient } from './client.ts';
import { LeaderElection, microTime } from './lease.ts';
import type { KubeRequest, KubeResponse, Transport } from './types.ts';
import type { Clock } from '../lib/clock.ts';

/** An API server that knows one Lease. `mode` makes it refuse or never answer. */
class LeaseServer implements Transport {
  lease: KubeObject | undefined;
  mode: 'up' | 'down' | 'hanging' = 'up';
  writes = 0;
  #version = 0;

  async request(request: KubeRequest): Promise<KubeResponse> {
    if (this.mode === 'hanging') {
      await new Promise((_, reject) => {
        request.signal?.addEventListener('abort', () => reject(request.signal?.reason as Error));
      });
    }
    if (this.mode === 'down') return answer(503, { reason: 'ServiceUnavailable' });
    if (request.method === 'GET') return this.lease === undefined ? answer(404, {}) : answer(200, this.lease);
    const body = JSON.parse(request.body ?? '{}') as KubeObject;
    if (request.method === 'POST') {
      return this.lease === undefined ? this.#write(body) : answer(409, { reason: 'AlreadyExists' });
    }
    if (body.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      return answer(409, { reason: 'Conflict' });
    }
    return this.#write({ ...body, spec: { ...this.lease?.spec, ...body.spec } });
  }

  #write(lease: KubeObject): KubeResponse {
    this.writes += 1;
    this.#version += 1;
    this.lease = {
      ...this.lease,
      ...lease,
      metadata: { ...this.lease?.metadata, ...lease.metadata, resourceVersion: String(this.#version) },
    };
    return answer(200, this.lease);
  }

  get holder(): unknown {
    return this.lease?.spec?.['holderIdentity'];
  }
}

function answer(status: number, body: unknown): KubeResponse {
  return {
    status,
    headers: {},
    text: () => Promise.resolve(JSON.stringify(body)),
    lines: () => (async function* () {})(),
  };
}

let server: LeaseServer;
let clock: VirtualClock;

beforeEach(() => {
  server = new LeaseServer();
  clock = new VirtualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 67));
});

function candidate(identity: string, unopposed = false): Candidate {
  return new Candidate(identity, unopposed);
}

/** One controller: its election, and how it went. */
class Candidate {
  readonly election: LeaderElection;
  readonly stop = new AbortController();
  state = 'new';
  /** by how much the clock of its machine is wrong */
  offsetMs = 0;

  constructor(identity: string, unopposed: boolean) {
    const own: Clock = { now: () => clock.now() + this.offsetMs, after: (ms, fn) => clock.after(ms, fn) };
    this.election = new LeaderElection({
      client: new KubeClient({
        transport: server,
        clock,
        fieldManager: 'sluice',
        resources: RESOURCES,
        deadlineMs: 4_000,
      }),
      clock: own,
      random: () => 0,
      namespace: 'sluice-system',
      name: 'sluice-controller',
      identity,
      unopposed,
    });
  }

  async run(): Promise<void> {
    this.state = 'waiting';
    await this.election.acquire(this.stop.signal);
    this.state = 'leading';
    this.state = await this.election.hold(this.stop.signal);
  }
}

const RESOURCES = [
  { group: 'coordination.k8s.io', version: 'v1', plural: 'leases', kind: 'Lease', namespaced: true },
];

describe('leader election', () => {
  it('creates the Lease with times of exactly six fraction digits', async () => {
    const a = candidate('a');
    void a.run();
    await clock.advance(0);
    expect(a.state).toBe('leading');
    expect(server.lease?.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      acquireTime: '2026-01-02T03:04:05.067000Z',
      renewTime: '2026-01-02T03:04:05.067000Z',
      leaseTransitions: 0,
    });
  });

  it('lets one lead and the other wait for as long as the first renews', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    void a.run();
    await clock.advance(0);
    void b.run();
    await clock.advance(10 * 60_000);
    expect([a.state, b.state, a.election.isLeader(), b.election.isLeader()]).toEqual([
      'leading',
      'waiting',
      true,
      false,
    ]);
  });

  it('is a mere sign of who is at work where there is no election: taken at once from whoever holds it', async () => {
    const [a, b] = [candidate('a'), candidate('b', true)];
    void a.run();
    await clock.advance(0);
    void b.run();
    await clock.advance(0);
    expect([b.state, server.holder]).toEqual(['leading', 'b']);
    b.stop.abort();
    await clock.advance(0);
    expect(server.holder).toBe('');
  });

  it('hands over at once when the leader is stopped in good order', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    void a.run();
    await clock.advance(0);
    void b.run();
    await clock.advance(1_000);
    a.stop.abort();
    await clock.advance(0);
    expect([a.state, server.holder]).toEqual(['released', '']);
    await clock.advance(2_000);
    expect([b.state, server.holder, server.lease?.spec?.['leaseTransitions']]).toEqual(['leading', 'b', 1]);
  });

  it('takes over from a leader that vanished only after the whole duration has passed', async () => {
    server.lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      // A clock far ahead of ours: times in the record are never compared with our own.
      metadata: { name: 'sluice-controller', resourceVersion: '0' },
      spec: { holderIdentity: 'gone', leaseDurationSeconds: 15, renewTime: '2031-01-01T00:00:00.000000Z' },
    };
    const b = candidate('b');
    void b.run();
    await clock.advance(14_999);
    expect(b.state).toBe('waiting');
    await clock.advance(2_000);
    expect(b.state).toBe('leading');
  });

  it.each(['down', 'hanging'] as const)(
    'stops leading before another may lead when the server is %s',
    async (mode) => {
      const a = candidate('a');
      void a.run();
      await clock.advance(0);
      await clock.advance(6_500);
      server.mode = mode;
      const lastRenewalMs = Date.parse(server.lease?.spec?.['renewTime'] as string);
      await clock.advance(lastRenewalMs + 10_000 - clock.now());
      expect(a.election.isLeader()).toBe(false);
      expect(a.state).toBe('lost');
      expect(clock.now() - lastRenewalMs).toBeLessThan(15_000);
    },
  );

  it('stays leader through a gap shorter than the renew deadline', async () => {
    const a = candidate('a');
    void a.run();
    await clock.advance(0);
    server.mode = 'down';
    await clock.advance(7_000);
    server.mode = 'up';
    await clock.advance(30_000);
    expect(a.state).toBe('leading');
  });

  it('is no leader any more after standing still, before any timer has run', async () => {
    const a = candidate('a');
    void a.run();
    await clock.advance(0);
    let leader = true;
    // Another timer that was due long ago runs first, as happens when a stopped process continues.
    clock.after(1, () => {
      clock.jump(60_000);
      leader = a.election.isLeader();
    });
    await clock.advance(1);
    expect(leader).toBe(false);
  });

  it('is no leader when its clock was set back and the age of its renewal cannot be known', async () => {
    const a = candidate('a');
    void a.run();
    await clock.advance(0);
    a.offsetMs = -60_000;
    expect(a.election.isLeader()).toBe(false);
  });

  it('does not take over from a living leader when its own clock is set forward', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    void a.run();
    await clock.advance(1_500);
    void b.run();
    await clock.advance(0);
    // a renews at 2.0 s, b has looked at 1.5 s and looks again at 3.5 s and 5.5 s; a is late with its next renewal.
    await clock.advance(2_400);
    b.offsetMs = 60_000;
    server.mode = 'down';
    await clock.advance(1_500);
    server.mode = 'up';
    await clock.advance(60_000);
    expect([a.state, b.state, server.lease?.spec?.['leaseTransitions']]).toEqual(['leading', 'waiting', 0]);
  });

  it('sees that somebody else took the Lease', async () => {
    const a = candidate('a');
    void a.run();
    await clock.advance(0);
    server.lease = {
      ...server.lease!,
      metadata: { name: 'sluice-controller', resourceVersion: '77' },
      spec: { holderIdentity: 'thief', leaseDurationSeconds: 15 },
    };
    await clock.advance(2_000);
    expect([a.state, server.holder]).toEqual(['lost', 'thief']);
  });

  it('of two that try in the same moment one wins', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    void a.run();
    void b.run();
    await clock.advance(5_000);
    expect([a.state, b.state].sort()).toEqual(['leading', 'waiting']);
  });

  it('gives a Lease free that it got in the moment it was stopped', async () => {
    const a = candidate('a');
    const run = a.run().catch((error: unknown) => (error as Error).name);
    a.stop.abort();
    await clock.advance(0);
    expect([await run, server.holder, a.election.isLeader()]).toEqual(['AbortError', '', false]);
  });

  it('gives up waiting when stopped', async () => {
    server.mode = 'down';
    const a = candidate('a');
    const run = a.run().catch((error: unknown) => (error as Error).name);
    await clock.advance(5_000);
    a.stop.abort();
    expect(await run).toBe('AbortError');
    expect(clock.pending).toBe(0);
  });
});

describe('microTime', () => {
  it.each([
    { ms: Date.UTC(2026, 0, 1), want: '2026-01-01T00:00:00.000000Z' },
    { ms: Date.UTC(2026, 0, 1, 1, 2, 3, 4), want: '2026-01-01T01:02:03.004000Z' },
  ])('$want', ({ ms, want }) => {
    expect(microTime(ms)).toBe(want);
  });
});
