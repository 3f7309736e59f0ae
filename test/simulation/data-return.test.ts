import { expect, it } from 'vitest';
import { endpointOver } from '../../analysis/measure/prometheus/endpoint.ts';
import { measure } from '../../analysis/measure/measure.ts';
import type { PrometheusClient } from '../../analysis/measure/prometheus/client.ts';
import type { MeasureJob } from '../../api/measuring.ts';
import { GOOD } from './objects.ts';
import { World } from './world.ts';

const MINUTE = 60_000;

/** The queries that a job really sends to Prometheus. */
async function queriesOf(job: MeasureJob): Promise<string[]> {
  const asked: string[] = [];
  const client: PrometheusClient = {
    instant: (query) => {
      asked.push(query);
      return Promise.resolve({ ok: true, series: [] });
    },
    close: () => undefined,
  };
  await measure(job, new Map([['prometheus/default', endpointOver(client)]]));
  return asked;
}

it('asks whether data have come back as stable is asked for, whose numbers Ingress-NGINX exports under no name of a canary', async () => {
  const world = new World({ provider: 'nginx' });
  await world.until(() => world.phase() === 'Promoted/Initial', MINUTE);
  world.release(GOOD);
  await world.until(() => world.releases().some(({ status }) => status?.weight === 5), 5 * MINUTE);
  world.prometheus.outage = 'down';
  await world.until(() => world.phase() === 'Waiting/DataMissing', 20 * MINUTE);
  expect(world.phase()).toBe('Waiting/DataMissing');
  const jobs: MeasureJob[] = [];
  world.onMeasure = (job) => jobs.push(job);
  await world.run(2 * MINUTE);
  const queries = await queriesOf(jobs.at(-1)!);
  expect(queries.length).toBeGreaterThan(0);
  for (const query of queries) expect(query).toContain('canary=""');
});
