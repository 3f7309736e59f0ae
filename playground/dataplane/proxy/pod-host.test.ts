import http from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import type { PodReport } from '../../apiserver/contract.ts';
import { PodHost } from './pod-host.ts';
import type { HostEvent } from './pod-host.ts';
import type { PodSpec } from './pod-spec.ts';

const PROBE = {
  path: '/healthz',
  port: 8080,
  initialDelayMs: 0,
  periodMs: 20,
  timeoutMs: 1000,
  successThreshold: 1,
  failureThreshold: 2,
};

/** Things take milliseconds; a busy machine may take longer. */

/** A pod host with fast clocks; the test stops every pod that was started. */
class Machine {
  readonly events: HostEvent[] = [];
  private readonly host: PodHost;
  private readonly uids: string[] = [];

  constructor(drainMs = 0) {
    this.host = new PodHost(Math.floor(Math.random() * 1000), (event) => this.events.push(event));
    this.host.handle({ do: 'configure', seed: 1, times: { drainMs, backOffMs: 40, backOffMaxMs: 160 } });
  }

  start(uid: string, more: Partial<PodSpec> = {}): void {
    this.uids.push(uid);
    const spec = { uid, name: uid, namespace: 'shop', image: 'shop:v1', env: {}, port: 8080, ...more };
    this.host.handle({ do: 'start', spec });
  }

  reports(uid: string): PodReport[] {
    return this.events.flatMap((event) =>
      event.event === 'report' && event.uid === uid ? [event.report] : [],
    );
  }

  async ready(uid: string): Promise<string> {
    return await eventually(() => {
      const last = this.reports(uid).at(-1);
      expect(last?.ready).toBe(true);
      return last?.podIP ?? '';
    });
  }

  async stop(uid: string, graceMs = 1000): Promise<void> {
    this.host.handle({ do: 'stop', uid, graceMs });
    await eventually(() => expect(this.events).toContainEqual({ event: 'stopped', uid }));
  }

  async stopAll(): Promise<void> {
    for (const uid of this.uids) await this.stop(uid, 1);
  }
}

let machine = new Machine();
afterEach(() => machine.stopAll());

async function get(host: string, path = '/'): Promise<Response> {
  return await fetch(`http://${host}:8080${path}`);
}

describe('a pod', () => {
  it('has an address of its own and answers with its name and version', async () => {
    machine = new Machine();
    machine.start('a');
    machine.start('b', { image: 'shop:v2_error-1' });
    const [a, b] = [await machine.ready('a'), await machine.ready('b')];
    expect(a).not.toBe(b);
    const good = await get(a);
    expect([good.status, good.headers.get('x-pod'), good.headers.get('x-version')]).toEqual([200, 'a', 'v1']);
    const bad = await get(b);
    expect([bad.status, bad.headers.get('x-injected-error'), bad.headers.get('x-version')]).toEqual([
      500,
      'true',
      'v2',
    ]);
  });

  it('counts its answers as OpenTelemetry does, probes and scrapes left out', async () => {
    machine = new Machine();
    machine.start('a', { image: 'shop:v2_error-1', probe: PROBE });
    const host = await machine.ready('a');
    for (const path of ['/', '/cart', '/metrics']) await get(host, path);
    const text = await (await get(host, '/metrics')).text();
    const counts = text.split('\n').filter((line) => line.includes('_count{'));
    expect(counts).toEqual([
      'http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="500",network_protocol_version="1.1",url_scheme="http"} 2',
    ]);
  });

  it('is ready only when its readiness check over HTTP succeeds', async () => {
    machine = new Machine();
    machine.start('a', { probe: PROBE, env: { START_SECONDS: '0.2' } });
    await eventually(() => expect(machine.reports('a')).toMatchObject([{ phase: 'Running', ready: false }]));
    expect((await get(machine.reports('a')[0]?.podIP ?? '', '/healthz')).status).toBe(503);
    await machine.ready('a');
  });

  it('crashes, restarts on the same address and backs off longer each time', async () => {
    machine = new Machine();
    machine.start('a', { env: { CRASH_AFTER_SECONDS: '0.02' } });
    const waits = await eventually(() => {
      const messages = machine.reports('a').flatMap((report) => report.waiting ?? []);
      expect(messages.length).toBeGreaterThan(2);
      return messages;
    });
    expect(waits.every((wait) => wait.reason === 'CrashLoopBackOff')).toBe(true);
    expect(waits.slice(0, 3).map((wait) => /back-off ([\d.]+)s/.exec(wait.message)?.[1])).toEqual([
      '0.04',
      '0.08',
      '0.16',
    ]);
    const reports = machine.reports('a');
    expect(reports.at(-1)?.restartCount).toBeGreaterThanOrEqual(3);
    expect(new Set(reports.map((report) => report.podIP)).size).toBe(1);
  });

  it('with a wrong fault setting is told so and never starts', async () => {
    machine = new Machine();
    machine.start('a', { image: 'shop:v1_error-5' });
    await eventually(() => {
      const [report] = machine.reports('a');
      expect(report).toMatchObject({
        phase: 'Pending',
        ready: false,
        waiting: { reason: 'CreateContainerConfigError' },
      });
      expect(report?.waiting?.message).toContain('error "5" is out of range');
    });
  });

  it('keeps serving while it drains, then finishes what is under way', async () => {
    // Requests begin while the pod drains, and take longer than the drain time.
    machine = new Machine(800);
    machine.start('a', { env: { LATENCY_P50_MS: '1000', LATENCY_P99_MS: '1000' } });
    const address = await machine.ready('a');
    const stopped = machine.stop('a', 20_000);
    const answers = await Promise.all([get(address), get(address)]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await stopped;
    await expect(get(address)).rejects.toThrow();
  });

  it('is killed when its grace period is over', async () => {
    machine = new Machine();
    machine.start('a', { env: { LATENCY_P50_MS: '60000', LATENCY_P99_MS: '60000' } });
    const address = await machine.ready('a');
    const hanging = new Promise((resolve) => http.get(`http://${address}:8080/`).on('error', resolve));
    await new Promise((resolve) => setImmediate(resolve));
    await machine.stop('a', 50);
    expect(await hanging).toMatchObject({ code: 'ECONNRESET' });
  });
});
