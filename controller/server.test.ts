import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Phase } from '../api/kinds/release/status.ts';
import type { Shown } from './delivery-metrics.ts';
import { Metrics } from './metrics.ts';
import { ownAddress, serveHealth } from './server.ts';
import type { HealthServer } from './server.ts';

let server: HealthServer;
let missing: string[];
let metrics: Metrics;

beforeEach(async () => {
  missing = ['pods in team'];
  metrics = new Metrics({
    queueDepth: () => 7,
    isLeader: () => true,
    releasesKept: () => true,
    hold: () => ({ wanted: 'auto', mode: 'pause' }),
    blind: () => [],
  });
  server = await serveHealth(
    { address: '127.0.0.1', port: 0 },
    metrics.registry,
    () => missing,
    () => 'hold: pause',
  );
});

afterEach(() => server.close());

async function ask(path: string): Promise<{ status: number; text: string; type: string | null }> {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
}

const shop = { namespace: 'team', name: 'shop' };
/** The metrics of Sluice that are not zero. */
const sluiceLines = async (): Promise<string[]> =>
  (await ask('/metrics')).text
    .split('\n')
    .filter((line) => /^sluice_release/.test(line) && !/ 0$|_bucket/.test(line));
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const status = (phase: Phase, observedWeight: number | null, more: Partial<Shown> = {}): Shown => ({
  phase,
  observedWeight,
  startedAt: at(0),
  ...more,
});

describe('the health port', () => {
  it('says that the process lives', async () => {
    expect(await ask('/healthz')).toMatchObject({ status: 200, text: 'ok\n' });
  });

  it('says when it is ready, and until then what it waits for', async () => {
    expect(await ask('/readyz')).toMatchObject({ status: 503, text: 'not read yet: pods in team\n' });
    missing = Array.from({ length: 12 }, (_, i) => `pods in n${i}`);
    expect((await ask('/readyz')).text).toMatch(/^not read yet: pods in n0, .* and 2 more\n$/);
    missing = [];
    expect(await ask('/readyz?verbose')).toMatchObject({ status: 200, text: 'ok\nhold: pause\n' });
  });

  it('serves metrics in the format of Prometheus', async () => {
    const { status, text, type } = await ask('/metrics');
    expect([status, type]).toEqual([200, expect.stringContaining('text/plain; version=0.0.4')]);
    expect(text).toContain('sluice_queue_depth 7');
    expect(text).toContain('sluice_leader 1');
    expect(text).toContain('sluice_hold_mode{wanted="auto",mode="pause"} 1');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });

  it('listens on loopback outside of a pod, and at the pod’s address inside', async () => {
    expect(ownAddress({})).toBe('127.0.0.1');
    expect(ownAddress({ KUBERNETES_SERVICE_HOST: '10.0.0.1', POD_IP: '10.1.2.3' })).toBe('10.1.2.3');
    expect(ownAddress({ KUBERNETES_SERVICE_HOST: '10.0.0.1' })).toBe('');
    await expect(fetch(`http://127.0.0.2:${server.port}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('knows nothing else', async () => {
    expect((await ask('/')).status).toBe(404);
  });

  it('tells of a port that is taken', async () => {
    await expect(
      serveHealth(
        { address: '127.0.0.1', port: server.port },
        new Registry(),
        () => [],
        () => '',
      ),
    ).rejects.toThrow('EADDRINUSE');
  });
});

describe('metrics of releases', () => {
  it('show one phase per target, its weight while it can be read, and count each end once', async () => {
    metrics.release(shop, status('Progressing', 5));
    metrics.release(shop, status('Promoted', null));
    metrics.release(shop, status('Promoted', null));
    expect(await sluiceLines()).toEqual([
      'sluice_releases_ended_total{namespace="team",phase="Promoted"} 1',
      'sluice_release_phase{namespace="team",target="shop",phase="Promoted"} 1',
    ]);
  });

  it('do not count an end seen after a restart a second time', async () => {
    metrics.release(shop, status('RolledBack', 5));
    expect(await sluiceLines()).toEqual([
      'sluice_release_phase{namespace="team",target="shop",phase="RolledBack"} 1',
      'sluice_release_weight_percent{namespace="team",target="shop"} 5',
    ]);
  });

  it('measure how long a promotion took, and how long a version was exposed that failed', async () => {
    metrics.release(shop, status('Progressing', 0));
    metrics.release(shop, status('Promoted', null, { endedAt: at(400) }));
    metrics.release(shop, status('Progressing', 5, { startedAt: at(500), exposedAt: at(510) }));
    // withheld for a while: the time before counts as well
    metrics.release(shop, status('Progressing', 5, { startedAt: at(500), exposedAt: at(540) }));
    metrics.release(shop, status('RollingBack', 0, { startedAt: at(500), drainStartedAt: at(570) }));
    const end = { startedAt: at(500), drainStartedAt: at(570), endedAt: at(600) };
    metrics.release(shop, status('RolledBack', 0, end));
    metrics.release(shop, status('RolledBack', 0, end));
    const lines = await sluiceLines();
    expect(lines).toContain('sluice_release_lead_seconds_sum{namespace="team"} 400');
    expect(lines).toContain('sluice_release_lead_seconds_count{namespace="team"} 1');
    expect(lines).toContain('sluice_release_failed_exposure_seconds_sum{namespace="team"} 60');
    expect(lines).toContain('sluice_release_failed_exposure_seconds_count{namespace="team"} 1');
  });

  it('begin at zero with the first target of a namespace, so that the first end shows as an increase', async () => {
    metrics.release(shop, status('Progressing', 0));
    const { text } = await ask('/metrics');
    for (const line of [
      'sluice_releases_ended_total{namespace="team",phase="RolledBack"} 0',
      'sluice_release_lead_seconds_count{namespace="team"} 0',
      'sluice_release_failed_exposure_seconds_count{namespace="team"} 0',
    ])
      expect(text).toContain(line);
  });

  it('leave with their target', async () => {
    metrics.release(shop, status('Progressing', 5));
    metrics.forget(shop);
    expect(await sluiceLines()).toEqual([]);
  });

  it('count decisions by rule and reason, and measurements by outcome', async () => {
    const decision = {
      rule: 'advance',
      reason: 'StepPassed' as const,
      sentence: '',
      outcome: 'wait' as const,
      actions: [],
    };
    metrics.reconciled({ outcome: 'done', decision, acted: true, statusWritten: true }, 0.01);
    metrics.reconciled({ outcome: 'unsynced' }, 0.01);
    const window = { startMs: 0, endMs: 1 };
    metrics.measured([{ metric: 'm', window, outcome: 'timeout', sentence: '' }], 0.3);
    const { text } = await ask('/metrics');
    expect(text).toContain('sluice_decisions_total{rule="advance",reason="StepPassed"} 1');
    expect(text).toContain('sluice_reconciles_total{outcome="unsynced"} 1');
    expect(text).toContain('sluice_measurements_total{outcome="timeout"} 1');
    expect(text).toContain('sluice_measure_duration_seconds_count 1');
  });
});
