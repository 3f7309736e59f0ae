import { expect, it } from 'vitest';
import type { Json } from '../../lib/json.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { ScriptedTransport } from '../../test/support/scripted-transport.ts';
import { historyOf } from './history.ts';

async function shown(releases: Release[], format?: string) {
  const io = recordingIo();
  const transport = new ScriptedTransport(() => ({
    status: 200,
    body: { kind: 'ReleaseList', metadata: { resourceVersion: '1' }, items: releases as unknown as Json },
  }));
  const resources = Object.values(RESOURCES);
  const client = new KubeClient({ transport, clock: io.clock, fieldManager: 'sluice', resources });
  const code = await historyOf(io, { client, namespace: 'default' }, { name: 'shop', format });
  return { code, io };
}

const ended = (name: string, change: Parameters<typeof aStatus>[0]): Release => {
  const made = aRelease({ status: aStatus(change) });
  return { ...made, metadata: { ...made.metadata, name } };
};

it('lists the releases newest first, with how long each took', async () => {
  const releases = [
    ended('shop-2', { phase: 'Promoted', reason: 'Promoted' }),
    ended('shop-10', { phase: 'RolledBack', reason: 'HarmDetected' }),
  ];
  const { code, io } = await shown(releases);
  expect(code).toBe(0);
  const lines = io.printed.join('\n').split('\n');
  expect(lines.map((line) => line.split(/ {3,}/)[0])).toEqual(['RELEASE', 'shop-10', 'shop-2']);
  expect(lines[1]).toMatch(/2026-01-01 00:00:00 +10m +RolledBack +HarmDetected/);
});

it('has the same for machines', async () => {
  const { io } = await shown([ended('shop-2', { phase: 'Promoted', reason: 'Promoted' })], 'json');
  expect(JSON.parse(io.printed.join('\n'))).toMatchObject([{ release: 'shop-2', phase: 'Promoted' }]);
});

it('says so where there is none', async () => {
  const { code, io } = await shown([]);
  expect(code).toBe(1);
  expect(io.complained.join()).toBe('deployment/shop has no release in namespace default.');
});
