import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { KubeError } from '../../kube/errors.ts';
import { finish, openCluster, type LeaseState } from '../../test/support/cli-cluster.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { UsageError } from '../io.ts';
import { waitFor, type WaitRequest } from './wait.ts';

const shop = (annotations?: Record<string, string>): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', uid: 'uid-shop', annotations: annotations ?? { 'sluice.dev/policy': 'default' } },
  spec: { template: aRelease({}).spec.canary.template },
});
/** What each look in turn sees: releases, or an HTTP error; the last one repeats for ever. */
type Look = Release | undefined | number;

function open(
  target: KubeObject | undefined,
  looks: Look[],
  lease: (second: number) => LeaseState = () => 'renewed',
) {
  return openCluster({
    targets: target === undefined ? [] : [target],
    looks: looks.map((look) => (typeof look === 'number' ? look : look === undefined ? [] : [look])),
    lease,
  });
}

const request = (change: Partial<WaitRequest> = {}): WaitRequest => ({
  name: 'shop',
  timeoutMs: Number.POSITIVE_INFINITY,
  throughPauses: false,
  home: 'sluice-system',
  json: false,
  ...change,
});

async function run({ io, session }: ReturnType<typeof open>, change: Partial<WaitRequest> = {}) {
  const code = await finish(io, waitFor(io, session, request(change)));
  return { io, code, seconds: (io.clock.now() - Date.UTC(2026, 0, 1)) / 1000 };
}

const progressing = aRelease({ status: aStatus({ phase: 'Progressing' }) });
const promoted = aRelease({
  status: aStatus({ phase: 'Promoted', reason: 'Promoted', message: 'All steps passed.' }),
});
const waiting = aRelease({
  status: aStatus({ phase: 'Waiting', reason: 'PausedByStep', message: 'A human has to go on.' }),
});

describe('waitFor', () => {
  it('prints one line per change, and the outcome without saying again what the line above said', async () => {
    const { io, code } = await run(open(shop(), [undefined, progressing, progressing, promoted]));
    expect(code).toBe(0);
    expect(io.printed).toEqual([
      '00:00:01  Progressing  step 1/3  weight 5% (observed 5%)  Measuring: Step 1 of 3: 5% of requests go to the canary.',
      '00:00:03  Promoted  step 1/3  weight 0% (observed 0%)  Promoted: All steps passed.',
      'deployment/shop: promoted.',
    ]);
  });

  it.each([
    { phase: 'RolledBack', says: 'deployment/shop: rolled back.' },
    { phase: 'Aborted', says: 'deployment/shop: aborted.' },
  ] as const)('tells a roll back from an abort: $phase', async ({ phase, says }) => {
    const status = aStatus({ phase, reason: 'AbortedByHuman', message: 'Over.', targetGeneration: 2 });
    const { io, code } = await run(open(shop(), [aRelease({ status })]));
    expect(code).toBe(1);
    expect(io.printed).toContain(says);
  });

  it('prints one JSON object per change with -o json, each with its type, and the outcome last', async () => {
    const { io } = await run(open(shop(), [progressing, promoted]), { json: true });
    const objects = io.printed.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.map(({ type, phase, outcome }) => [type, phase ?? outcome])).toEqual([
      ['progress', 'Progressing'],
      ['progress', 'Promoted'],
      ['outcome', 'promoted'],
    ]);
    expect(objects.at(-1)).toMatchObject({ target: 'shop', exitCode: 0, reason: 'Promoted' });
  });

  it('ends with 4 when a human has to act, or waits for the human if it is told to', async () => {
    const looks = [progressing, waiting, waiting, promoted];
    expect((await run(open(shop(), looks))).code).toBe(4);
    const { io, code } = await run(open(shop(), looks), { throughPauses: true });
    expect(code).toBe(0);
    expect(io.printed[1]).toContain('Waiting');
  });

  it('asks again while the API server is away, and says so once', async () => {
    const { io, code } = await run(open(shop(), [503, 429, progressing, promoted]));
    expect(code).toBe(0);
    expect(io.complained).toEqual(['waiting for the API server: away']);
  });

  it('does not take a refusal for an outcome', async () => {
    await expect(run(open(shop(), [403]))).rejects.toThrow(KubeError);
  });

  it('does not judge by an older release when the newest cannot be read', async () => {
    const newer = {
      ...progressing,
      metadata: { ...progressing.metadata, name: 'shop-99' },
      status: { ...aStatus({}), phase: 'Baking' },
    } as unknown as Release;
    await expect(run(open(shop(), [newer]))).rejects.toThrow('release shop-99: status.phase cannot be read');
  });

  it('ends with 3 when the time is over', async () => {
    const { io, code, seconds } = await run(open(shop(), [progressing]), { timeoutMs: 2_500 });
    expect(code).toBe(3);
    expect(io.printed).toContain(
      'deployment/shop: not ended in time. The release has not ended; it continues.',
    );
    expect(seconds).toBeLessThan(4);
  });

  it('ends with 8 when there is no such Deployment', async () => {
    expect((await run(open(undefined, []))).code).toBe(8);
  });

  it('refuses a Deployment that has not opted in', async () => {
    await expect(run(open(shop({}), []))).rejects.toThrow(UsageError);
  });

  it('ends at once when interrupted', async () => {
    const { io, session } = open(shop(), [progressing]);
    const running = waitFor(io, session, request({ timeoutMs: 60_000 }));
    await io.clock.advance(1_500);
    io.interrupt();
    expect(await running).toBe(130);
    expect(io.clock.pending).toBe(0);
  });
});

describe('while nobody is at work, sluice wait', () => {
  it.each([
    { lease: 'absent', says: 'there is no Lease sluice-system/sluice-controller' },
    { lease: 'free', says: 'Lease sluice-system/sluice-controller is free' },
    { lease: 'still', says: 'has not been renewed for' },
  ] as const)(
    'says so within 15 s where the Lease is $lease, and says at the end that nothing was begun',
    async ({ lease, says }) => {
      const { io, code } = await run(
        open(shop(), [undefined], () => lease),
        { timeoutMs: 15_000 },
      );
      expect(code).toBe(3);
      expect(io.complained).toHaveLength(1);
      expect(io.complained[0]).toContain('No controller is running: ');
      expect(io.complained[0]).toContain(says);
      expect(io.printed[0]).toContain('No release of this template was begun. No controller is running');
    },
  );

  it('says so in mid-release too, once, and says when somebody is again', async () => {
    const lease = (second: number): LeaseState => (second < 10 || second > 30 ? 'renewed' : 'still');
    const { io } = await run(open(shop(), [progressing], lease), { timeoutMs: 60_000 });
    expect(io.complained).toEqual([
      expect.stringContaining('No controller is running'),
      expect.stringContaining('node-1_7 holds Lease sluice-system/sluice-controller'),
    ]);
  });

  it('says so to a machine', async () => {
    const { io } = await run(
      open(shop(), [undefined], () => 'absent'),
      { timeoutMs: 15_000, json: true },
    );
    expect(JSON.parse(io.printed[0] ?? '')).toMatchObject({ type: 'controller', atWork: 'no' });
  });

  it('says nothing of a hand-over between two controllers', async () => {
    const lease = (second: number): LeaseState => (second === 3 ? 'free' : 'renewed');
    const { io } = await run(open(shop(), [progressing], lease), { timeoutMs: 20_000 });
    expect(io.complained).toEqual([]);
  });

  it.each([
    { lease: 'renewed', says: 'Does it watch this namespace?' },
    { lease: 'forbidden', says: 'no right to get Lease sluice-system/sluice-controller' },
  ] as const)(
    'says that the change is not noticed, and what the $lease Lease tells',
    async ({ lease, says }) => {
      const { io } = await run(
        open(shop(), [undefined], () => lease),
        { timeoutMs: 15_000 },
      );
      expect(io.complained).toHaveLength(1);
      expect(io.complained[0]).toContain('No controller has noticed this change yet.');
      expect(io.complained[0]).toContain(says);
    },
  );
});
