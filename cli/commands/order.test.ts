import { describe, expect, it } from 'vitest';
import type { JsonPatchOp } from '../../api/kube.ts';
import type { Json } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { ScriptedTransport } from '../../test/support/scripted-transport.ts';
import { give, type Order } from './order.ts';

/** Gives one order in a cluster that has only this release. */
async function told(what: Order, release: Release | undefined) {
  const io = recordingIo();
  const patches: JsonPatchOp[][] = [];
  const transport = new ScriptedTransport(({ method, body }) => {
    if (method === 'PATCH') {
      patches.push(body as JsonPatchOp[]);
      return { status: 200, body: release as unknown as Json };
    }
    const items = release === undefined ? [] : [release];
    return {
      status: 200,
      body: { kind: 'ReleaseList', metadata: { resourceVersion: '1' }, items: items as unknown as Json },
    };
  });
  const resources = Object.values(RESOURCES);
  const client = new KubeClient({ transport, clock: io.clock, fieldManager: 'sluice', resources });
  const code = await give(io, { client, namespace: 'default' }, { what, name: 'shop' });
  return { code, patch: patches[0]?.slice(1), guard: patches[0]?.[0], io };
}

const release = (change: Parameters<typeof aStatus>[0]): Release => aRelease({ status: aStatus(change) });

describe('an order to the release under way', () => {
  it.each([
    ['promote', 'Promote'],
    ['abort', 'Abort'],
    ['pause', 'Pause'],
  ] as const)('%s sets its intent', async (what, intent) => {
    const { code, patch, guard } = await told(what, release({ phase: 'Progressing' }));
    expect(code).toBe(0);
    expect(guard).toMatchObject({ op: 'test', path: '/metadata/uid' });
    expect(patch).toEqual([{ op: 'replace', path: '/spec/intent', value: intent }]);
  });

  it('resume takes back a pause ordered before', async () => {
    const paused = release({ phase: 'Waiting', reason: 'PausedByHuman' });
    const { patch } = await told('resume', { ...paused, spec: { ...paused.spec, intent: 'Pause' } });
    expect(patch).toEqual([{ op: 'replace', path: '/spec/intent', value: 'Auto' }]);
  });

  it.each(['PausedByStep', 'Inconclusive', 'TrafficShareTooLow', 'TrafficShareNone'] as const)(
    'resume goes on from %s',
    async (reason) => {
      for (const what of ['resume', 'promoteStep'] as const) {
        const { code, patch } = await told(
          what,
          release({ phase: 'Waiting', reason, waitsFor: 'Answer', step: 1, steps: 3 }),
        );
        expect(code).toBe(0);
        expect(JSON.stringify(patch)).toContain('resumed-step');
        expect(JSON.stringify(patch)).toContain('"1"');
      }
    },
  );

  it.each(['RouteContested', 'RouteRejected', 'CanaryRejected', 'NoService', 'NameTaken'] as const)(
    'resume lets the step begin again that waits for a human because of %s',
    async (reason) => {
      const { code, patch, io } = await told(
        'resume',
        release({ phase: 'Waiting', reason, step: 1, steps: 3 }),
      );
      expect(code).toBe(0);
      expect(JSON.stringify(patch)).toMatch(/sluice\.dev(\/|~1)resume"/);
      expect(io.printed.join()).toBe('release shop-2 begins step 2 of 3 again');
    },
  );

  it.each(['RolledBack', 'Aborted'] as const)('retry lifts what ended %s', async (phase) => {
    const { code, patch } = await told('retry', release({ phase }));
    expect(code).toBe(0);
    expect(JSON.stringify(patch)).toMatch(/sluice\.dev(\/|~1)retry"/);
  });

  it.each([
    ['retry', 'Progressing', 'has a release under way: release shop-2 is Progressing'],
    ['retry', 'Promoted', 'has nothing to try again: release shop-2 is Promoted'],
    ['revert', 'Promoted', 'has nothing to revert'],
    ['abort', 'RolledBack', 'has no release under way: release shop-2 is RolledBack'],
  ] as const)('%s of a release that is %s is refused, and why is said', async (what, phase, says) => {
    const { code, patch, io } = await told(what, release({ phase }));
    expect(code).toBe(1);
    expect(patch).toBeUndefined();
    expect(io.complained.join()).toContain(says);
  });

  it.each(['Progressing', 'Promoting', 'Waiting', 'RolledBack', 'Aborted'] as const)(
    'revert puts the stable template back while a release is %s',
    async (phase) => {
      const { code, patch } = await told('revert', release({ phase }));
      expect(code).toBe(0);
      expect(JSON.stringify(patch)).toMatch(/sluice\.dev(\/|~1)revert"/);
    },
  );

  it('resume of a release that waits for nobody changes nothing and says so', async () => {
    const { code, patch, io } = await told('resume', release({ phase: 'Progressing' }));
    expect(code).toBe(1);
    expect(patch).toBeUndefined();
    expect(io.complained.join()).toContain('does not wait for a human: release shop-2 is Progressing');
  });

  it('nothing is ordered where no release is under way', async () => {
    for (const ended of [undefined, release({ phase: 'Promoted' })]) {
      const { code, patch, io } = await told('abort', ended);
      expect(code).toBe(1);
      expect(patch).toBeUndefined();
      expect(io.complained.join()).toMatch(/has no release/);
    }
  });
});
