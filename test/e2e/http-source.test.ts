import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';
import { SCENARIOS } from '../../playground/demo/catalog.ts';
import { play, type Outcome } from '../../playground/demo/play.ts';
import { SAFE_MARGIN } from '../../playground/demo/policies.ts';
import { Stage } from '../../playground/demo/stage.ts';

/**
 * A user's own service that returns as JSON what the gateway of the playground counted: /requests/<Service> →
 * {"requests": {"total": n, "failed": n, "rate": n}}.
 */
class Numbers {
  readonly server = http.createServer((request, response) => {
    this.#answer(request.url ?? '', response).catch(() => response.writeHead(500).end());
  });
  readonly asked = new Set<string>();
  /** the gateway's metrics, once it runs */
  gateway: (() => string) | undefined;

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/numbers`;
  }

  async #answer(url: string, response: http.ServerResponse): Promise<void> {
    this.asked.add(url);
    const service = /^\/numbers\/requests\/([-a-z0-9]+)$/.exec(url)?.[1];
    if (service === undefined || this.gateway === undefined) return void response.writeHead(404).end();
    const metrics = await fetch(this.gateway());
    const { total, failed } = counted(await metrics.text(), service);
    const requests = { total, failed, rate: total === 0 ? 0 : failed / total };
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ requests }));
  }
}

/** The counts of Istio's proxy for a Service. */
function counted(text: string, service: string): { total: number; failed: number } {
  let [total, failed] = [0, 0];
  for (const line of text.split('\n')) {
    // both ends of a connection count
    if (!line.startsWith('istio_requests_total{') || !line.includes('reporter="source"')) continue;
    if (!line.includes(`destination_service_name="${service}"`)) continue;
    const value = Number(line.slice(line.lastIndexOf(' ')));
    total += value;
    if (/response_code="5\d\d"/.test(line)) failed += value;
  }
  return { total, failed };
}

const ANALYSIS = {
  source: 'http/numbers',
  interval: '3s',
  metrics: [
    {
      name: 'errors',
      errorRate: {
        bad: '/requests/{{service}}#/requests/failed',
        total: '/requests/{{service}}#/requests/total',
      },
      margin: { harm: { relative: 0.1, absolute: 0.0001 }, safe: SAFE_MARGIN },
    },
    {
      name: 'rate',
      dryRun: true,
      threshold: { query: '/requests/{{service}}#/requests/rate', success: 'value < 0.9' },
    },
  ],
};

describe.concurrent('releases that are judged by JSON over HTTP alone', () => {
  const numbers = { healthy: new Numbers(), regression: new Numbers() };
  const urls = { healthy: '', regression: '' };

  beforeAll(async () => {
    for (const name of ['healthy', 'regression'] as const) urls[name] = await numbers[name].listen();
  });
  afterAll(() => {
    for (const each of Object.values(numbers)) each.server.close();
  });

  async function release(name: 'healthy' | 'regression'): Promise<Outcome> {
    const broken: string[] = [];
    const stage = await Stage.start({
      provider: 'istio',
      seed: 5,
      requestsPerSecond: 200,
      prometheus: ensurePrometheus(() => undefined),
      source: { endpoint: `http/numbers=${urls[name]} namespaces=shop`, analysis: ANALYSIS },
      say: () => undefined,
      onDeath: (sentence) => broken.push(sentence),
      ended: new Promise(() => undefined),
    });
    numbers[name].gateway = () => stage.gatewayMetrics;
    stage.prometheus.down = true;
    try {
      const outcome = await play(stage, SCENARIOS[name], {});
      expect(broken).toEqual([]);
      return outcome;
    } finally {
      await stage.stop();
    }
  }

  it('promotes a version with as many errors as before, while no Prometheus answers', async () => {
    const outcome = await release('healthy');
    expect(outcome).toMatchObject({
      phase: 'Promoted',
      weights: [5, 25, 50],
      clientErrors: 0,
      leftovers: [],
    });
    expect([...numbers.healthy.asked].sort()).toEqual([
      '/numbers/requests/shop',
      '/numbers/requests/shop-canary',
    ]);
  });

  it('rolls a version with ten times the errors back for what they say', async () => {
    const outcome = await release('regression');
    expect(outcome).toMatchObject({ phase: 'RolledBack', clientErrors: 0, leftovers: [] });
    expect(outcome.canaryRequests).toBeGreaterThan(0);
  });
});
