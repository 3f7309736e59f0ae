import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { Release } from '../../api/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { KubeError } from '../../kube/errors.ts';
import { recordingIo } from '../../test/support/cli.ts';
import { aRelease, aStatus } from '../../test/support/release.ts';
import { ScriptedTransport } from '../../test/support/scripted-transport.ts';
import { UsageError } from '../io.ts';
import { waitFor } from './wait.ts';

const shop = (annotations?: Record<string, string>): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', uid: 'uid-shop', annotations: annotations ?? { 'sluice.dev/policy': 'default' } },
  spec: { template: aRelease({}).spec.canary.template },
});
/** Releases as seen by each look in turn, or an HTTP error; the last one stays for ever. */
type Look = Release | undefined | number;

const failure = (code: number) => ({
  status: code,
  body: { kind: 'Status', code, reason: 'Refused', message: 'away' },
});

function open(target: KubeObject | undefined, ...looks: Look[]) {
  const io = recordingIo();
  let next = 0;
  const transport = new ScriptedTransport(({ path }) => {
    if (path.endsWith('/deployments/shop'))
      return target === undefined ? failure(404) : { status: 200, body: target };
    const look = looks[Math.min(next++, looks.length - 1)];
    if (typeof look === 'number') return failure(look);
    const body = {
      kind: 'ReleaseList',
      metadata: { resourceVersion: '1' },
      items: look === undefined ? [] : [look],
    };
    return { status: 200, body };
  });
  const resources = Object.values(RESOURCES);
  const client = new KubeClient({ transport, clock: io.clock, fieldManager: 'sluice', resources });
  return { io, session: { client, namespace: 'default' } };
}

async function run(
  { io, session }: ReturnType<typeof open>,
  request: { timeoutMs?: number; json?: boolean } = {},
) {
  const full = { name: 'shop', timeoutMs: Number.POSITIVE_INFINITY, json: false, ...request };
  const state = { ended: false };
  const running = waitFor(io, session, full);
  const end = () => (state.ended = true);
  running.then(end, end);
  for (let second = 0; second < 100 && !state.ended; second++) await io.clock.advance(1_000);
  return { io, code: await running };
}

const progressing = aRelease({ status: aStatus({ phase: 'Progressing' }) });
const promoted = aRelease({
  status: aStatus({ phase: 'Promoted', reason: 'Promoted', message: 'All steps passed.' }),
});

describe('waitFor', () => {
  it('prints one line per change and ends with the sentence of the release', async () => {
    const { io, code } = await run(open(shop(), undefined, progressing, progressing, promoted));
    expect(code).toBe(0);
    expect(io.printed).toEqual([
      '00:00:01  Progressing  step 1/3  weight 5% (observed 5%)  Measuring: Step 1 of 3: 5% of requests go to the canary.',
      '00:00:03  Promoted  step 1/3  weight 0% (observed 0%)  Promoted: All steps passed.',
      'deployment/shop: promoted. All steps passed.',
    ]);
  });

  it('prints one JSON object per change with -o json, and the outcome last', async () => {
    const { io } = await run(open(shop(), progressing, promoted), { json: true });
    const objects = io.printed.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(objects.map((object) => object['phase'] ?? object['outcome'])).toEqual([
      ...['Progressing', 'Promoted', 'promoted'],
    ]);
    expect(objects.at(-1)).toMatchObject({ target: 'shop', exitCode: 0 });
  });

  it('asks again while the API server is away, and says so once', async () => {
    const { io, code } = await run(open(shop(), 503, 429, progressing, promoted));
    expect(code).toBe(0);
    expect(io.complained).toEqual(['waiting for the API server: away']);
  });

  it('does not take a refusal for an outcome', async () => {
    await expect(run(open(shop(), 403))).rejects.toThrow(KubeError);
  });

  it('does not judge by an older release when the newest cannot be read', async () => {
    const newer = {
      ...progressing,
      metadata: { ...progressing.metadata, name: 'shop-99' },
      status: { ...aStatus({}), phase: 'Baking' },
    } as unknown as Release;
    await expect(run(open(shop(), newer))).rejects.toThrow('release shop-99: status.phase cannot be read');
  });

  it('ends with 3 when the time is over', async () => {
    const { io, code } = await run(open(shop(), progressing), { timeoutMs: 2_500 });
    expect(code).toBe(3);
    expect(io.clock.now() - Date.UTC(2026, 0, 1)).toBeLessThan(4_000);
  });

  it('ends with 8 when there is no such Deployment', async () => {
    expect((await run(open(undefined))).code).toBe(8);
  });

  it('refuses a Deployment that has not opted in', async () => {
    await expect(run(open(shop({})))).rejects.toThrow(UsageError);
  });

  it('ends at once when interrupted', async () => {
    const { io, session } = open(shop(), progressing);
    const running = waitFor(io, session, {
      name: 'shop',
      timeoutMs: 60_000,
      json: false,
    });
    await io.clock.advance(1_500);
    io.interrupt();
    expect(await running).toBe(130);
    expect(io.clock.pending).toBe(0);
  });
});
