import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { freePort, prometheusReady } from '../../playground/dataplane/metrics/prometheus.ts';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';

/** A real Prometheus that scrapes nothing and contains only the data that it was given. */
export interface FilledPrometheus {
  url: string;
  /** a folder of its own */
  directory: string;
  close(): Promise<void>;
}

/** `openMetrics`: lines with times, all samples of a series together; without lines it is empty. */
export async function filledPrometheus(openMetrics: readonly string[]): Promise<FilledPrometheus> {
  const binary = ensurePrometheus(() => undefined);
  const directory = mkdtempSync(join(tmpdir(), 'sluice-prometheus-'));
  const data = join(directory, 'data');
  const config = join(directory, 'prometheus.yml');
  writeFileSync(config, 'scrape_configs: []\n');
  if (openMetrics.length > 0)
    fill(dirname(binary), { data, lines: openMetrics, file: join(directory, 'in') });
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--storage.tsdb.retention.time=100y',
    '--log.level=error',
  ];
  const child = spawn(binary, flags, { stdio: 'ignore' });
  await prometheusReady(url);
  const close = async (): Promise<void> => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(directory, { recursive: true, force: true });
  };
  return { url, directory, close };
}

/** Fills it with promtool, which comes with Prometheus, in the same folder. */
function fill(
  bin: string,
  { lines, file, data }: { lines: readonly string[]; file: string; data: string },
): void {
  writeFileSync(file, [...lines, '# EOF', ''].join('\n'));
  const filled = spawnSync(join(bin, 'promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', file, data]);
  if (filled.status !== 0) throw new Error(`promtool: ${filled.stderr.toString()}`);
}
