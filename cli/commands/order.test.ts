import { describe, expect, it } from 'vitest';
import type { Json, JsonPatchOp } from '../../api/kube.ts';
import type { Release } from '../../api/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { ScriptedTransport } from '../../test/support/scripted-transport.ts';
import { give, type Order } from './order.ts';

/** Gives one order over a cluster that holds just this release. */
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

  it.each(['PausedByStep', 'Inconclusive', 'TrafficShareTooLow', 'TrafficShareNone'])(
    'resume goes on from %s',
    async (reason) => {
      for (const what of ['resume', 'promoteStep'] as const) {
        const { code, patch } = await told(what, release({ phase: 'Waiting', reason, step: 1, steps: 3 }));
        expect(code).toBe(0);
        expect(JSON.stringify(patch)).toContain('resumed-step');
        expect(JSON.stringify(patch)).toContain('"1"');
      }
    },
  );

  it('resume of a release that waits for nobody changes nothing and says so', async () => {
    const { code, patch, io } = await told('resume', release({ phase: 'Progressing' }));
    expect(code).toBe(1);
    expect(patch).toBeUndefined();
    expect(io.complained.join()).toContain('not waiting');
  });

  it('nothing is ordered where no release is under way', async () => {
    for (const ended of [undefined, release({ phase: 'Promoted' })]) {
      const { code, patch, io } = await told('abort', ended);
      expect(code).toBe(1);
      expect(patch).toBeUndefined();
      expect(io.complained.join()).toContain('no release under way');
    }
  });
});
