import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createPrometheusClient, type PrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import { freePort, prometheusReady } from '../../playground/dataplane/metrics/prometheus.ts';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';
import { eventually } from './eventually.ts';

/** Another target to scrape. */
export interface Job {
  name: string;
  port: number;
  path: string;
  /** Prometheus' own metric_relabel_configs */
  relabel?: readonly object[];
}

/** A real Prometheus that scrapes twice a second. */
export interface ScrapingPrometheus {
  client: PrometheusClient;
  /** Resolves when all jobs have been scraped after the call, with a time after those scrapes. */
  scraped(): Promise<number>;
  close(): Promise<void>;
}

const INTERVAL = '500ms';

export async function scrapingPrometheus(jobs: readonly Job[]): Promise<ScrapingPrometheus> {
  const binary = ensurePrometheus(() => undefined);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  const config = join(directory, 'prometheus.yml');
  const scrape_configs = jobs.map(({ name, port, path, relabel = [] }) => ({
    job_name: name,
    metrics_path: path,
    scrape_interval: INTERVAL,
    scrape_timeout: INTERVAL,
    static_configs: [{ targets: [`127.0.0.1:${port}`] }],
    metric_relabel_configs: relabel,
  }));
  writeFileSync(config, JSON.stringify({ scrape_configs }));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(directory, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=error',
  ];
  const child = spawn(binary, flags, { stdio: 'ignore' });
  await prometheusReady(url);
  const client = createPrometheusClient({ url });
  return {
    client,
    scraped: () => scrapedSince(client, jobs.length),
    close: async () => {
      client.close();
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The time of a sample is when its scrape began. */
async function scrapedSince(client: PrometheusClient, jobs: number): Promise<number> {
  const sinceS = Date.now() / 1000;
  return eventually(async () => {
    const now = Date.now();
    const answer = await client.instant(`up == 1 and timestamp(up) > ${sinceS}`, now);
    if (!answer.ok || answer.series.length < jobs) throw new Error('not scraped yet');
    return now;
  });
}
