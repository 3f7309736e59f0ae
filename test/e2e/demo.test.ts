import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import type { ScenarioName } from '../../playground/demo/catalog.ts';
import type { Outcome } from '../../playground/demo/play.ts';
import type { DemoProvider } from '../../playground/demo/worlds.ts';

const PROGRAM = fileURLToPath(new URL('../../playground/main.ts', import.meta.url));

interface Decision {
  release: string;
  reason: string;
  sentence: string;
  phase: string;
}

interface Run {
  code: number | null;
  outcomes: Outcome[];
  decisions: Decision[];
  /** its whole output, for the message of a failed test */
  log: string;
}

/**
 * Runs `sluice demo --headless --json` in its own process, with scenarios one after another in one small
 * world.
 */
function demo(provider: DemoProvider, scenarios: ScenarioName[], ...more: string[]): Promise<Run> {
  const args = [PROGRAM, 'demo', '--headless', '--json', `--provider=${provider}`, ...more];
  const child = spawn(process.execPath, [...args, ...scenarios.map((name) => `--scenario=${name}`)]);
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => {
      const lines = log.split('\n').filter((line) => line.startsWith('{'));
      const objects = lines.map((line) => JSON.parse(line) as object);
      resolve({
        code,
        log,
        outcomes: objects.filter((object): object is Outcome => 'scenario' in object),
        decisions: objects.filter((object): object is Decision => 'release' in object),
      });
    });
  });
}

const PROMOTED = {
  phase: 'Promoted',
  weights: [5, 25, 50],
  clientErrors: 0,
  leftovers: [],
  detectionSeconds: null,
};
const ROLLED_BACK = { phase: 'RolledBack', clientErrors: 0, leftovers: [] };

function reasons(run: Run): string[] {
  return run.decisions.map((decision) => decision.reason);
}

/** Why each step passed: three steps, three findings of their own. */
function proofs(run: Run): string[] {
  const passed = run.decisions.filter(({ reason }) => reason === 'StepPassed' || reason === 'AllStepsPassed');
  return [...new Set(passed.map((decision) => decision.sentence))];
}

// Worlds share only the processor, so they run side by side.
describe.concurrent('the demo', () => {
  it.each<{ provider: DemoProvider }>([{ provider: 'gateway' }, { provider: 'nginx' }])(
    'promotes a healthy version and rolls a bad one back through $provider, losing no request',
    async ({ provider }) => {
      const run = await demo(provider, ['healthy', 'regression']);
      const [healthy, regression] = run.outcomes;
      expect(healthy, run.log).toMatchObject({ scenario: 'healthy', provider, ...PROMOTED });
      expect(regression, run.log).toMatchObject({
        scenario: 'regression',
        provider,
        ...ROLLED_BACK,
        weights: [5],
      });
      expect(regression?.detectionSeconds).toBeGreaterThan(0);
      expect(regression?.canaryRequests).toBeGreaterThan(0);
      expect(proofs(run), run.log).toHaveLength(3);
      expect(reasons(run)).toContain('HarmDetected');
      expect(run.code).toBe(0);
    },
  );

  it('promotes and rolls back without any router, by the number of pods alone, losing no request', async () => {
    const run = await demo('replicas', ['healthy', 'regression']);
    const [healthy, regression] = run.outcomes;
    const promoted = { ...PROMOTED, weights: expect.anything() as unknown };
    expect(healthy, run.log).toMatchObject({ scenario: 'healthy', provider: 'replicas', ...promoted });
    // 1 of 7 pods, 2 of 8, 6 of 12; between them pods become ready one by one
    const steps = [14.29, 25, 50];
    const seen = healthy?.weights.filter((weight) => steps.includes(weight));
    expect(seen, run.log).toEqual(steps);
    expect(regression, run.log).toMatchObject({ scenario: 'regression', ...ROLLED_BACK, weights: [14.29] });
    expect(proofs(run), run.log).toHaveLength(3);
    expect(reasons(run)).toContain('HarmDetected');
    expect(run.code).toBe(0);
  });

  it('judges blue-green by copies before anybody is switched: a bad version meets no client', async () => {
    const run = await demo('gateway', ['healthy', 'regression'], '--strategy=blueGreen');
    const [healthy, regression] = run.outcomes;
    const switched = { ...PROMOTED, strategy: 'blueGreen', mirror: 100, weights: [100] };
    expect(healthy, run.log).toMatchObject(switched);
    expect(regression, run.log).toMatchObject({
      ...ROLLED_BACK,
      mirror: 100,
      weights: [],
      canaryRequests: 0,
    });
    // 5% errors are beyond the margin and at the ceiling of the demo's blue-green: either may be certain
    // first
    expect(['HarmDetected', 'CeilingExceeded'], run.log).toContain(regression?.reason);
    expect(run.code).toBe(0);
  });

  it('sends nobody but who matches to a version that is tried by A/B', async () => {
    const run = await demo('nginx', ['healthy', 'regression'], '--strategy=ab');
    const [healthy, regression] = run.outcomes;
    expect(healthy, run.log).toMatchObject({ ...PROMOTED, strategy: 'ab', matching: true, weights: [] });
    expect(regression, run.log).toMatchObject({ ...ROLLED_BACK, matching: true, weights: [] });
    for (const outcome of run.outcomes) {
      expect(outcome.canaryRequests, run.log).toBeGreaterThan(0);
      expect(outcome.matchedRequests, run.log).toBe(outcome.canaryRequests);
    }
    expect(run.code).toBe(0);
  });

  it('promotes through Istio after copies, and keeps clients where they have been', async () => {
    const run = await demo('istio', ['healthy'], '--mirror', '--sticky');
    expect(run.outcomes, run.log).toMatchObject([{ ...PROMOTED, mirror: 100, matching: true }]);
    expect(proofs(run), run.log).toHaveLength(4);
    expect(run.code).toBe(0);
  });

  it.each<DemoProvider>(['linkerd', 'contour'])(
    'promotes through %s, losing no request',
    async (provider) => {
      const run = await demo(provider, ['healthy']);
      expect(run.outcomes, run.log).toMatchObject([{ scenario: 'healthy', provider, ...PROMOTED }]);
      expect(proofs(run), run.log).toHaveLength(3);
      expect(run.code).toBe(0);
    },
  );

  it('neither promotes nor rolls back while nobody calls the service, says so, and goes on when traffic returns', async () => {
    const run = await demo('gateway', ['no-traffic', 'crashloop']);
    const [quiet, crashing] = run.outcomes;
    expect(quiet, run.log).toMatchObject({ scenario: 'no-traffic', ...PROMOTED });
    expect(reasons(run), run.log).toContain('NoData');
    expect(crashing, run.log).toMatchObject({ scenario: 'crashloop', ...ROLLED_BACK, weights: [] });
    expect(reasons(run), run.log).toContain('CanaryCrashLooping');
    expect(run.code).toBe(0);
  });

  it('neither promotes nor rolls back while Prometheus is down, says so, and goes on when it is back', async () => {
    const run = await demo('nginx', ['prometheus-down']);
    expect(run.outcomes[0], run.log).toMatchObject({ scenario: 'prometheus-down', ...PROMOTED });
    expect(reasons(run), run.log).toContain('PrometheusUnavailable');
    expect(run.code).toBe(0);
  });

  it.each([{ signal: 'SIGINT' as const }, { signal: 'SIGKILL' as const }])(
    'starts a killed controller again, and leaves no process behind when it gets $signal',
    async ({ signal }) => {
      const child = spawn(process.execPath, [PROGRAM, 'demo', '--headless', '--provider=nginx']);
      let log = '';
      child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
      await eventually(() => expect(log).toContain('NewRevision'));
      const urls = [...log.matchAll(/"(?:API server|gateway|Prometheus)","line":"(http:[^," ]+)/g)].map(
        ([, url]) => url!,
      );
      process.kill(Number(/"pid (\d+)/.exec(log)?.[1]), 'SIGKILL');
      await eventually(() => expect(log).toContain('started again'));
      const controller = Number(/started again, pid (\d+)/.exec(log)?.[1]);
      expect(urls).toHaveLength(3);
      for (const url of urls) expect((await fetch(url)).status).toBeGreaterThan(0);
      expect(isAlive(controller)).toBe(true);
      const ended = new Promise((resolve) => child.once('close', resolve));
      child.kill(signal);
      await ended;
      await eventually(async () => {
        for (const url of urls) await expect(fetch(url), url).rejects.toThrow();
        expect(isAlive(controller)).toBe(false);
      });
      if (signal === 'SIGINT') expect(child.exitCode).toBe(130);
      // SIGKILL leaves a folder of logs
      rmSync(dirname(/kubeconfig (\S+)/.exec(log)?.[1] ?? '/nowhere/x'), { recursive: true, force: true });
    },
  );
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
