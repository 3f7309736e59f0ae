import { beforeEach, describe, expect, it } from 'vitest';
import { RESOURCES } from '../api/resources.ts';
import { KubeClient } from '../kube/client.ts';
import { ScriptedTransport } from '../test/support/scripted-transport.ts';
import { VirtualClock } from '../test/support/virtual-clock.ts';
import { EventRecorder } from './events.ts';
import type { EventAction } from './events.ts';

const NAME = /^POST \/api\/v1\/namespaces\/team\/events$/;
const event = (overrides: Partial<EventAction> = {}): EventAction => ({
  do: 'event',
  about: { resource: RESOURCES.deployments, namespace: 'team', name: 'shop' },
  uid: 'u-1',
  type: 'Warning',
  reason: 'RolledBack' as const,
  message: 'errors rose from 0.5% to 5%',
  ...overrides,
});

let clock: VirtualClock;
let server: ScriptedTransport;
let recorder: EventRecorder;

beforeEach(() => {
  clock = new VirtualClock(Date.UTC(2026, 0, 2, 3, 4, 5, 678));
  server = new ScriptedTransport();
  const client = new KubeClient({
    transport: server,
    clock,
    fieldManager: 'sluice',
    resources: Object.values(RESOURCES),
  });
  let n = 0;
  recorder = new EventRecorder({ client, now: () => clock.now(), random: () => (n += 1) / 100 });
});

describe('events', () => {
  it('are written beside the object they are about', async () => {
    await recorder.record(event());
    expect(server.lines[0]).toMatch(NAME);
    expect(server.sent[0]?.body).toMatchObject({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { namespace: 'team', name: expect.stringMatching(/^shop\.[0-9a-f]+$/) as string },
      involvedObject: {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        namespace: 'team',
        name: 'shop',
        uid: 'u-1',
      },
      type: 'Warning',
      reason: 'RolledBack' as const,
      message: 'errors rose from 0.5% to 5%',
      count: 1,
      firstTimestamp: '2026-01-02T03:04:05Z',
      lastTimestamp: '2026-01-02T03:04:05Z',
    });
  });

  it('that repeat raise the count of the first', async () => {
    await recorder.record(event());
    await clock.advance(60_000);
    await recorder.record(event());
    const first = server.sent[0]?.body as { metadata: { name: string } };
    expect(server.lines[1]).toBe(`PATCH /api/v1/namespaces/team/events/${first.metadata.name}`);
    expect(server.sent[1]?.body).toEqual({ count: 2, lastTimestamp: '2026-01-02T03:05:05Z' });
  });

  it.each([
    { title: 'another message', change: { message: 'other' } },
    { title: 'another reason', change: { reason: 'Promoted' as const } },
    { title: 'another object of that name', change: { uid: 'u-2' } },
  ])('with $title stand for themselves', async ({ change }) => {
    await recorder.record(event());
    await recorder.record(event(change));
    expect(server.lines.filter((line) => NAME.test(line))).toHaveLength(2);
  });

  it('are written anew when the first is long past', async () => {
    await recorder.record(event());
    await clock.advance(10 * 60_000);
    await recorder.record(event());
    expect(server.lines.filter((line) => NAME.test(line))).toHaveLength(2);
  });

  it('are written anew when the first is gone', async () => {
    const gone = new ScriptedTransport(({ method }) => (method === 'PATCH' ? { status: 404 } : undefined));
    const client = new KubeClient({
      transport: gone,
      clock,
      fieldManager: 's',
      resources: Object.values(RESOURCES),
    });
    const other = new EventRecorder({ client, now: () => clock.now(), random: () => 0.5 });
    await other.record(event());
    await other.record(event());
    expect(gone.lines.map((line) => line.split(' ')[0])).toEqual(['POST', 'PATCH', 'POST']);
  });

  it('keep within the limits for names and messages', async () => {
    const about = {
      resource: RESOURCES.deployments,
      namespace: 'team',
      name: `${'n'.repeat(199)}-${'m'.repeat(53)}`,
    };
    await recorder.record(event({ about, message: 'm'.repeat(5_000) }));
    const body = server.sent[0]?.body as { metadata: { name: string }; message: string };
    expect(body.metadata.name.length).toBeLessThanOrEqual(253);
    expect(body.metadata.name).toMatch(/^n{199}\.[0-9a-f]+$/);
    expect(body.message).toHaveLength(1024);
  });
});
