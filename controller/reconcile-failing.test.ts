import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import type { ReleaseStatus } from '../api/kinds/release/status.ts';
import {
  DEPLOYMENT,
  Passes,
  record,
  release,
  RELEASES,
  status,
  write,
  type Around,
} from '../test/support/one-pass.ts';
import { aStatus } from '../test/support/release-builders.ts';
import type { MeasureResult } from '../api/measuring.ts';
import type { Snapshot } from '../release/model.ts';

let passes: Passes;

beforeEach(() => {
  passes = new Passes();
});

describe('a pass of which an action fails', () => {
  const right = 'httproutes is forbidden: User "sluice" cannot patch resource "httproutes"';
  const answering = (code: number, message: string): Around => ({
    objects: { 'releases/team': [record()] },
    answer: ({ path }) =>
      path === DEPLOYMENT
        ? {
            status: code,
            body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' }, message },
          }
        : undefined,
    decision: {
      actions: [write('/a')],
      status: { release: 'shop-2', next: aStatus({ phase: 'Progressing', reason: 'StepPassed' }) },
    },
  });
  const written = ({ server }: Awaited<ReturnType<Passes['pass']>>): ReleaseStatus | undefined => {
    const sent = server.sent.find(({ path }) => path === `${RELEASES}/shop-2/status`);
    return (sent?.body as { value: ReleaseStatus }[] | undefined)?.[2]?.value;
  };

  it('says in the status what right is missing, and nothing of what was decided', async () => {
    const passed = await passes.pass(answering(403, right));
    expect(passed.result).toMatchObject({ outcome: 'failed', error: { code: 403 } });
    expect(written(passed)).toMatchObject({
      phase: 'Waiting',
      reason: 'Forbidden',
      message: expect.stringMatching(
        /^Sluice may not patch deployments\.apps shop \(set \/a\): .*cannot patch.*; give its account the verb patch on deployments\.apps \(docs\/operations\.md/,
      ) as unknown,
      trouble: { needsHuman: true, phase: 'Progressing', reason: 'ScalingCanary' },
    });
  });

  it.each([
    { given: 'a release that has not begun', phase: 'Pending', shown: 'Blocked' },
    { given: 'a promotion', phase: 'Promoting', shown: 'Promoting' },
    { given: 'a way back', phase: 'RollingBack', shown: 'RollingBack' },
  ] as const)('shows $given as $shown, and that a human is needed', async ({ phase, shown }) => {
    const world = answering(403, right);
    const objects = { 'releases/team': [record(aStatus({ phase }))] };
    const status = written(await passes.pass({ ...world, objects }));
    expect(status).toMatchObject({ phase: shown, reason: 'Forbidden' });
    expect(status?.conditions.map(({ type }) => type)).toContain('NeedsHuman');
  });

  it('records what is to be recorded regardless, with what is in the way over it', async () => {
    const world = answering(403, right);
    const next = aStatus({ phase: 'RollingBack', reason: 'HarmDetected', observedWeight: 5 });
    const decision = { ...world.decision, status: { release: 'shop-2', next, regardless: true as const } };
    expect(written(await passes.pass({ ...world, decision }))).toMatchObject({
      phase: 'RollingBack',
      reason: 'Forbidden',
      observedWeight: 5,
      trouble: { reason: 'HarmDetected' },
    });
  });

  it('says nothing of a server that fails for a moment, and asks nobody for anything when that lasts', async () => {
    const world = answering(500, 'failed calling webhook');
    expect(written(await passes.pass(world))).toBeUndefined();
    await passes.clock.advance(10_000);
    expect(written(await passes.pass(world))).toMatchObject({
      phase: 'Progressing',
      reason: 'ActionFailed',
      trouble: { needsHuman: false },
    });
  });

  it('is told without it once the server took the write', async () => {
    await passes.pass(answering(403, right));
    const passed = await passes.pass(answering(200, ''));
    expect(written(passed)).toMatchObject({ phase: 'Progressing', reason: 'StepPassed' });
    expect(written(passed)?.trouble).toBeUndefined();
  });

  it('writes a refusal that is worded anew each time once', async () => {
    const first = written(await passes.pass(answering(403, `${right} (request 1)`)));
    const objects = { 'releases/team': [record(first)] };
    expect(
      written(await passes.pass({ ...answering(403, `${right} (request 2)`), objects })),
    ).toBeUndefined();
  });
});

describe('a pass in which deciding throws', () => {
  const throwing = (where: (snapshot: Snapshot) => boolean, world: Around = {}): Around => ({
    objects: { 'deployments/team': [target], 'releases/team': [release('7', status)] },
    ...world,
    decide: (snapshot) => {
      if (where(snapshot)) throw new RangeError('nobody foresaw this');
      return { rule: 'r', reason: 'Measuring', sentence: 's', outcome: 'wait', actions: [] };
    },
  });
  const target: KubeObject = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      namespace: 'team',
      name: 'shop',
      uid: 'u',
      annotations: { 'sluice.dev/policy': 'default' },
    },
  };

  it('drops the measurement that led to it, tells the owner by an Event, and goes on', async () => {
    const window = { startMs: 0, endMs: 1 };
    const poison: MeasureResult = {
      release: 'shop-2',
      step: 0,
      window,
      measurements: [{ metric: 'm', window, outcome: 'ok', kind: 'numbers', canary: 1 }],
    };
    const isPoison = ({ measured }: Snapshot): boolean => measured?.measurements[0]?.outcome === 'ok';
    const { result, server } = await passes.pass(throwing(isPoison, { measured: poison }));
    expect(result).toMatchObject({ outcome: 'done', bug: { message: 'nobody foresaw this' } });
    expect(server.sent[0]).toMatchObject({
      path: '/api/v1/namespaces/team/events',
      body: { type: 'Warning', reason: 'InternalError', involvedObject: { name: 'shop' } },
    });
  });

  it('says so in the status and by an Event, and is tried again', async () => {
    const objects = {
      'deployments/team': [target],
      'releases/team': [record(aStatus({ phase: 'Progressing' }))],
    };
    const { result, server } = await passes.pass(throwing(() => true, { objects }));
    expect(result.outcome).toBe('broken');
    expect(server.lines).toEqual(['POST /api/v1/namespaces/team/events', `PATCH ${RELEASES}/shop-2/status`]);
    expect(JSON.stringify(server.sent[1]?.body)).toMatch(
      /InternalError.*RangeError: nobody foresaw this.*NeedsHuman/,
    );
  });
});
