import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import {
  DEPLOYMENT,
  event,
  forbidden,
  job,
  Passes,
  release,
  RELEASES,
  sealed,
  status,
  write,
  type Around,
} from '../test/support/one-pass.ts';
import type { Action } from '../release/model.ts';

let passes: Passes;

beforeEach(() => {
  passes = new Passes();
});

describe('a snapshot', () => {
  const named = (name: string, extra: Partial<KubeObject> = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { namespace: 'team', name },
    ...extra,
  });
  const old = (name: string, creationTimestamp: string, target = 'shop'): KubeObject => ({
    ...release('1'),
    metadata: { namespace: 'team', name, creationTimestamp, labels: { 'sluice.dev/target': target } },
    spec: { target: { name: target, uid: 'u' } },
  });

  it('holds the target, its Releases newest first, those without a seal apart, and policies of its own namespace before the shared ones', async () => {
    await passes.pass({
      unsealed: ['shop-11'],
      objects: {
        'deployments/team': [named('other'), named('shop')],
        'releases/team': [
          old('shop-9', '2026-01-01T00:00:05Z'),
          old('shop-2', '2026-01-01T00:00:00Z'),
          old('other-3', '2026-01-01T00:00:09Z', 'other'),
          old('shop-10', '2026-01-01T00:00:05Z'),
          old('shop-11', '2026-01-01T00:00:05Z'),
        ],
        'releasepolicies/team': [named('own')],
        'releasepolicies/sluice-system': [named('shared')],
        'analysistemplates/sluice-system': [named('http')],
      },
    });
    expect(passes.seen?.target?.metadata.name).toBe('shop');
    expect(passes.seen?.releases.map(({ metadata }) => metadata.name)).toEqual([
      'shop-10',
      'shop-9',
      'shop-2',
    ]);
    expect(passes.seen?.unsealed.map(({ metadata }) => metadata.name)).toEqual(['shop-11']);
    expect(passes.seen?.policies.map(({ metadata }) => metadata.name)).toEqual(['own', 'shared']);
    expect(passes.seen?.templates.map(({ metadata }) => metadata.name)).toEqual(['http']);
    expect(passes.seen).toMatchObject({ nowMs: passes.clock.now(), measuring: true, measured: undefined });
  });

  it('is frozen all the way down', async () => {
    await passes.pass({ objects: { 'services/team': [named('shop', { spec: { ports: [{ port: 80 }] } })] } });
    expect(() => ((passes.seen!.services[0]!.spec!['ports'] as { port: number }[])[0]!.port = 1)).toThrow(
      TypeError,
    );
    expect(Object.isFrozen(passes.seen)).toBe(true);
  });

  it.each(['pods/team', 'httproutes/team', 'releases/team', 'releasepolicies/sluice-system'])(
    'is not made while %s is not known: nothing is decided',
    async (missing) => {
      const { result, server } = await passes.pass({ objects: { [missing]: undefined } });
      expect([result, passes.seen, server.lines]).toEqual([{ outcome: 'unsynced' }, undefined, []]);
    },
  );
});

describe('one pass', () => {
  it('carries actions out in order, puts their results back, then writes the status', async () => {
    const { result, server } = await passes.pass({
      objects: { 'releases/team': [release('7')] },
      answer: ({ path }) =>
        path === DEPLOYMENT
          ? { status: 200, body: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'shop' } } }
          : undefined,
      decision: {
        actions: [write('/a'), { do: 'measure', job }, event],
        status: { release: 'shop-2', next: status },
      },
    });
    expect(server.lines).toEqual([
      `PATCH ${DEPLOYMENT}`,
      'POST /api/v1/namespaces/team/events',
      `PATCH ${RELEASES}/shop-2/status`,
    ]);
    expect(passes.submitted).toEqual([job]);
    expect(passes.putBack[0]).toBe('Deployment/shop');
    expect(result).toMatchObject({ outcome: 'done', acted: true, statusWritten: true });
  });

  it('writes nothing when nothing differs', async () => {
    const { result, server } = await passes.pass({
      objects: { 'releases/team': [release('7', status)] },
      decision: { status: { release: 'shop-2', next: { ...status } } },
    });
    expect(server.lines).toEqual([]);
    expect(result).toMatchObject({ outcome: 'done', acted: false, statusWritten: false });
  });

  it('seals a Release it has just created, and writes its status at the version the server gave that', async () => {
    const { server } = await passes.pass({
      answer: ({ method, path }) => {
        if (method === 'POST') return { status: 201, body: release('55') };
        return path === `${RELEASES}/shop-2` ? { status: 200, body: sealed(release('56')) } : undefined;
      },
      decision: {
        actions: [{ do: 'write', why: 'record', write: { verb: 'create', object: release('') } }],
        status: { release: 'shop-2', next: status },
      },
    });
    expect(server.sent.slice(1)).toMatchObject([
      {
        path: `${RELEASES}/shop-2`,
        body: {
          metadata: {
            uid: 'r-1',
            resourceVersion: '55',
            annotations: {
              'sluice.dev/seal': sealed(release('55')).metadata.annotations?.['sluice.dev/seal'],
            },
          },
        },
      },
      {
        path: `${RELEASES}/shop-2/status`,
        body: [{ value: 'r-1' }, { value: '56' }, { value: status }],
      },
    ]);
  });

  it('guards the status with the version a write of this pass gave the Release, not the one it read', async () => {
    const { server } = await passes.pass({
      objects: { 'releases/team': [release('7')] },
      answer: ({ path }) =>
        path === `${RELEASES}/shop-2` ? { status: 200, body: sealed(release('8')) } : undefined,
      decision: {
        actions: [
          {
            do: 'write',
            why: 'finalizer',
            write: {
              verb: 'mergePatch',
              ref: { resource: RESOURCES.releases, namespace: 'team', name: 'shop-2' },
              patch: {},
            },
          },
        ],
        status: { release: 'shop-2', next: status },
      },
    });
    expect(server.sent[1]).toMatchObject({ body: [{ value: 'r-1' }, { value: '8' }, {}] });
  });

  const details = { causes: [{ reason: 'FieldValueInvalid', field: 'spec' }] };
  it.each([
    { title: 'a failed test of a JSON patch', status: 422, body: {}, want: 'stale' },
    { title: 'a conflict', status: 409, body: {}, want: 'stale' },
    { title: 'an object that is gone', status: 404, body: {}, want: 'stale' },
    { title: 'a validation that refuses', status: 422, body: { details }, want: 'failed' },
    { title: 'a refusal', status: 403, body: {}, want: 'failed' },
    { title: 'a broken server', status: 500, body: {}, want: 'failed' },
  ])('$title stops it there: $want, nothing after it, no status', async ({ status: code, body, want }) => {
    const { result, server } = await passes.pass({
      objects: { 'releases/team': [release('7')] },
      answer: ({ body: sent }) => (JSON.stringify(sent).includes('/b') ? { status: code, body } : undefined),
      decision: {
        actions: [write('/a'), write('/b'), write('/c')],
        status: { release: 'shop-2', next: status },
      },
    });
    expect(server.lines).toEqual([`PATCH ${DEPLOYMENT}`, `PATCH ${DEPLOYMENT}`]);
    expect(result).toMatchObject({ outcome: want, doing: 'set /b', error: { code } });
  });

  it('a status somebody else changed meanwhile is decided anew', async () => {
    const { result } = await passes.pass({
      objects: { 'releases/team': [release('7')] },
      answer: () => ({ status: 422 }),
      decision: { status: { release: 'shop-2', next: status } },
    });
    expect(result).toMatchObject({ outcome: 'stale', doing: 'record the status' });
  });

  it('goes on when an Event cannot be written', async () => {
    const { result, server } = await passes.pass({
      answer: ({ path }) => (path.endsWith('/events') ? { status: 403 } : undefined),
      decision: { actions: [event, write('/a')] },
    });
    expect(server.lines).toHaveLength(2);
    expect(passes.lostEvents.map(({ code }) => code)).toEqual([403]);
    expect(result.outcome).toBe('done');
  });

  it('takes a target that is still paused for a refusal of the write that lets it roll out', async () => {
    const metadata = { name: 'shop', namespace: 'team', uid: 'u', resourceVersion: '9' };
    const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { paused: true } };
    const outcomeOf = async (action: Action): Promise<string> =>
      (await passes.pass({ answer: () => ({ status: 200, body }), decision: { actions: [action] } })).result
        .outcome;
    const rollOut = { ...write('/a'), verify: 'unpaused' } as Action;
    expect([await outcomeOf(write('/a')), await outcomeOf(rollOut)]).toEqual(['done', 'failed']);
  });

  it('tries every urgent write, and nothing else, after one of them failed', async () => {
    const urgent = (path: string): Action => ({ ...write(path), urgent: true }) as Action;
    const { result, server } = await passes.pass({
      objects: { 'releases/team': [release('7')] },
      answer: ({ body }) => (/\/(a|c)"/.test(JSON.stringify(body)) ? { status: 403 } : undefined),
      decision: {
        actions: [urgent('/a'), write('/b'), urgent('/c'), urgent('/d')],
        status: { release: 'shop-2', next: status },
      },
    });
    const paths = server.sent.map(({ body }) => (body as { path: string }[])[0]?.path);
    expect(paths).toEqual(['/a', '/c', '/d']);
    expect(result).toMatchObject({ outcome: 'failed', doing: 'set /a' });
  });

  it.each([
    { title: 'a refusal of RBAC', status: 403, want: 'done' },
    { title: 'a validation that refuses', status: 422, body: { details }, want: 'done' },
    { title: 'a failed guard, which is to be looked at anew', status: 422, want: 'stale' },
    { title: 'a broken server, which may take it later', status: 500, want: 'failed' },
  ])('an optional write meets $title: $want', async ({ status: code, body = {}, want }) => {
    const { result, server } = await passes.pass({
      answer: ({ body: sent }) => (JSON.stringify(sent).includes('/a') ? { status: code, body } : undefined),
      decision: { actions: [{ ...write('/a'), onRefusal: { then: 'goOn' } } as Action, write('/b')] },
    });
    expect([result.outcome, server.lines.length]).toEqual([want, want === 'done' ? 2 : 1]);
    expect(passes.lostEvents).toHaveLength(want === 'done' ? 1 : 0);
  });

  it('a noted write that is refused ends the pass, and is shown to the next one', async () => {
    const actions: Action[] = [
      { ...write('/x'), onRefusal: { then: 'stop', name: 'Copy x' } } as Action,
      write('/y'),
    ];
    const refusing: Around = { decision: { actions }, answer: () => ({ status: 403, body: forbidden }) };
    const { result, server } = await passes.pass(refusing);
    expect([result.outcome, server.sent.length]).toEqual(['failed', 1]);
    await passes.pass({});
    expect(passes.seen?.refused).toEqual({
      'Copy x': {
        kind: 'right',
        code: 403,
        message: 'no right',
        why: 'set /x',
        verb: 'patch',
        resource: 'deployments.apps',
        name: 'shop',
        noted: true,
        sinceMs: passes.clock.now(),
      },
    });
  });

  it.each([403, 500])(
    'a noted write that is optional as well ends nothing when it meets %i',
    async (code) => {
      const actions: Action[] = [
        { ...write('/x'), onRefusal: { then: 'goOn', name: 'Copy x' } } as Action,
        write('/y'),
      ];
      const { result, server } = await passes.pass({
        decision: { actions },
        answer: ({ body }) =>
          JSON.stringify(body).includes('/x') ? { status: code, body: forbidden } : undefined,
      });
      expect([result.outcome, server.sent.length]).toEqual(['done', 2]);
      await passes.pass({});
      expect(Object.keys(passes.seen?.refused ?? {})).toEqual(['Copy x']);
    },
  );

  it.each([
    { given: 'whose guard failed', code: 422, reason: 'Invalid' },
    { given: 'that met another', code: 409, reason: 'Conflict' },
  ])('a noted write $given is not', async ({ code, reason }) => {
    const body = { kind: 'Status', code, reason, message: 'look again' };
    const actions: Action[] = [{ ...write('/x'), onRefusal: { then: 'stop', name: 'Copy x' } } as Action];
    await passes.pass({ decision: { actions }, answer: () => ({ status: code, body }) });
    await passes.pass({});
    expect(passes.seen?.refused).toEqual({});
  });

  it('the result of a dry run is put nowhere', async () => {
    const object: KubeObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { namespace: 'team', name: 'x' },
    };
    const actions: Action[] = [{ do: 'write', why: 'try', write: { verb: 'create', object, dryRun: true } }];
    const { server } = await passes.pass({
      decision: { actions },
      answer: () => ({ status: 201, body: object }),
    });
    expect(server.lines).toEqual(['POST /apis/networking.k8s.io/v1/namespaces/team/networkpolicies']);
    expect(passes.putBack).toEqual([]);
  });

  it('does nothing more from the moment it no longer leads', async () => {
    let asked = 0;
    const { result, server } = await passes.pass({
      mayAct: () => (asked += 1) < 2,
      objects: { 'releases/team': [release('7')] },
      decision: { actions: [write('/a'), write('/b')], status: { release: 'shop-2', next: status } },
    });
    expect([result.outcome, server.lines.length]).toEqual(['fenced', 1]);
  });
});
