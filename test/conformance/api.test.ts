import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../../playground/api/clock.ts';
import { listen } from '../../playground/api/listen.ts';
import type { Listening } from '../../playground/api/listen.ts';
import { createApiServer } from '../../playground/api/server.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';

/** The recordings of a real server lie beside the checkout; see scripts/conformance.ts for the full comparison. */
const CHECKER = join(import.meta.dirname, '../../../shared/conformance/check.mjs');
const present = existsSync(CHECKER);

/** Topics that take no long waits. */
const TOPICS = [
  ...['defaults', 'errors', 'field-validation', 'generate-name', 'update', 'patch-merge', 'patch-json'],
  ...[
    'patch-strategic',
    'subresources',
    'apply',
    'dry-run',
    'representations',
    'delete',
    'lease',
    'crd',
    'kubectl',
  ],
  ...['reviews', 'events'],
];

interface Report {
  failures: { topic: string; scenario: string; problems: unknown[] }[];
  topics: Record<string, { scenarios: number; scenariosPassed: number }>;
}

const name = present
  ? 'the embedded API server answers as a real one did'
  : `the embedded API server answers as a real one did (skipped: there are no recordings at ${CHECKER})`;

describe.skipIf(!present)(name, () => {
  const api = createApiServer({ clock: realClock });
  const workloads = startWorkloads({
    store: api.store,
    clock: realClock,
    runtime: fakeRuntime(realClock),
    schedule: false,
  });
  let listening: Listening;

  beforeAll(async () => {
    listening = await listen(api, 0);
  });

  afterAll(async () => {
    workloads.stop();
    api.close();
    await listening.close();
  });

  it('in every scenario of the fast topics', { timeout: 120_000 }, async () => {
    const args = [
      CHECKER,
      '--server',
      listening.url,
      '--json',
      '--parallel',
      '8',
      '--only',
      TOPICS.join(','),
    ];
    // the checker ends with 1 when it finds a difference; its report says which
    const run = promisify(execFile)(process.execPath, args, { maxBuffer: 1 << 28 });
    const { stdout } = await run.catch((error: unknown) => error as { stdout: string });
    const report = JSON.parse(stdout) as Report;
    expect(
      report.failures.map((failure) => [`${failure.topic}/${failure.scenario}`, failure.problems]),
    ).toEqual([]);
    expect(Object.keys(report.topics).sort()).toEqual([...TOPICS].sort());
  });
});
