import { expect, test } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { startApi } from '../test/support/api.ts';
import { aDeployment } from '../test/support/objects.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { EventRecorder } from './events.ts';
import { execute } from './execute.ts';
import { Seal } from './seal/seal.ts';

test('what an API server warns of a write is told with what was being done', async () => {
  const clock = new VirtualClock();
  const { client } = await startApi(clock, 'team');
  const told: string[] = [];
  const port = { containerPort: 8080 };
  const spec = {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image: 'app:2', ports: [port, { ...port, name: 'again' }] }] },
    },
  };
  const { metadata, ...rest } = aDeployment('web', { app: 'web' }, { spec });
  const object = { ...rest, metadata: { name: metadata.name, namespace: 'team' } } as KubeObject;

  const done = await execute([{ do: 'write', why: 'make the canary', write: { verb: 'create', object } }], {
    client,
    reader: { written: () => undefined },
    measurements: { submit: () => undefined },
    events: new EventRecorder({ client, now: () => clock.now(), random: () => 0 }),
    mayAct: () => true,
    seal: new Seal([]),
    releases: [],
    onLostEvent: () => undefined,
    onWarning: (text, why) => told.push(`${why}: ${text}`),
  });

  expect(done.outcome).toBe('done');
  expect(told).toEqual([
    expect.stringMatching(/^make the canary: spec\.template\.spec\.containers\[0\].*duplicate/),
  ]);
});
