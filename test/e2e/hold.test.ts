/**
 * The hold by admission, with the real controller in its own process with its own identity, and with kubectl
 * if it is installed.
 */
import { execFile, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { pathOf } from '../../playground/dataplane/proxy/api-client.ts';
import { ensurePrometheus } from '../../playground/dataplane/metrics/prometheus-binary.ts';
import { SCENARIOS } from '../../playground/demo/catalog.ts';
import { APP, NAMESPACE } from '../../playground/demo/objects.ts';
import { play } from '../../playground/demo/play.ts';
import { Stage, until } from '../../playground/demo/stage.ts';

const TARGET = `deployment/${APP}`;
const PATH = pathOf('apps/v1', 'deployments', NAMESPACE, APP);
const kubectlThere = spawnSync('kubectl', ['version', '--client']).status === 0;

let stage: Stage;
const broken: string[] = [];

beforeAll(async () => {
  stage = await Stage.start({
    provider: 'gateway',
    seed: 11,
    requestsPerSecond: 200,
    hold: 'auto',
    prometheus: ensurePrometheus(() => undefined),
    say: () => undefined,
    onDeath: (sentence) => broken.push(sentence),
    ended: new Promise(() => undefined),
  });
});

afterAll(() => stage.stop());

interface Result {
  code: number;
  out: string;
}

function kubectl(...args: string[]): Promise<Result> {
  return new Promise((resolve) => {
    const child = execFile('kubectl', ['--kubeconfig', stage.kubeconfig, ...args], (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? 1, out: stdout + stderr }),
    );
  });
}

const target = (): Promise<KubeObject> => stage.client.get(PATH);

async function hold(): Promise<string> {
  const { spec, metadata } = await target();
  const paused = spec?.['paused'] === true ? 'paused' : 'un-paused';
  return `${paused}, ${metadata.annotations?.['sluice.dev/held'] ?? 'unmarked'}`;
}

async function phases(): Promise<unknown[]> {
  const path = pathOf('sluice.dev/v1alpha1', 'releases', NAMESPACE);
  const { items } = await stage.client.get<{ items: KubeObject[] }>(path);
  return items.map(({ status }) => status?.['phase']);
}

/**
 * What a user tries on a held target; everything except the resume is accepted, and nothing ends the hold.
 */
async function tryToLift(): Promise<Result | undefined> {
  await stage.client.patch(PATH, 'merge', { spec: { paused: false } });
  expect(await hold()).toBe('paused, new');
  const { spec } = await target();
  await stage.client.patch(PATH, 'json', [
    { op: 'replace', path: '/spec', value: { ...spec, paused: false } },
  ]);
  expect(await hold()).toBe('paused, new');
  return kubectlThere ? kubectl('rollout', 'resume', TARGET) : undefined;
}

describe('the hold by admission', () => {
  it('leaves an idle target as its author wrote it', async () => {
    expect(await hold()).toBe('un-paused, unmarked');
  });

  it('holds a healthy version until it is proven, whatever is tried, though the controller dies', async () => {
    let lifting: Promise<Result | undefined> | undefined;
    let restarting: Promise<unknown> | undefined;
    let waiting: Promise<Result> | undefined;
    const outcome = await play(stage, SCENARIOS.healthy, {
      changed: () => {
        if (kubectlThere) waiting = kubectl('rollout', 'status', TARGET, '--timeout=1h');
      },
      progress: ({ status }) => {
        if (status?.observedWeight === 5) lifting ??= tryToLift();
        // the stage starts another one
        if (status?.observedWeight === 25)
          restarting ??= stage.killController().then(() => stage.startController());
      },
    });
    const refused = await lifting;
    await restarting;
    expect(outcome).toMatchObject({
      phase: 'Promoted',
      weights: [5, 25, 50],
      clientErrors: 0,
      leftovers: [],
    });
    expect(await hold()).toBe('un-paused, unmarked');
    expect(restarting).toBeDefined();
    if (!kubectlThere) return;
    expect(refused?.code).not.toBe(0);
    expect(refused?.out).toContain(
      `deployment ${APP} is held by Sluice: this revision is not proven yet. Promote it now with`,
    );
    expect(await waiting).toMatchObject({ code: 0 });
  });

  it('keeps a bad version held and shown as failed; the next one starts with a clean sheet', async () => {
    const outcome = await play(stage, SCENARIOS.regression, {});
    expect(outcome).toMatchObject({ phase: 'RolledBack', clientErrors: 0, leftovers: [] });
    expect(await hold()).toBe('paused, failed');
    const progressing = ({ status }: KubeObject) =>
      (status?.['conditions'] as { type: string; reason: string }[]).find(
        ({ type }) => type === 'Progressing',
      );
    expect(progressing(await target())).toMatchObject({ reason: 'ProgressDeadlineExceeded' });
    if (kubectlThere) expect(await kubectl('rollout', 'status', TARGET)).toMatchObject({ code: 1 });

    const containers = [{ name: 'web', image: 'shop:v9_error-0.005' }];
    const changed = await stage.client.patch(PATH, 'strategic-merge', {
      spec: { template: { spec: { containers } } },
    });
    expect([changed.spec?.['paused'], changed.metadata.annotations?.['sluice.dev/held']]).toEqual([
      true,
      'new',
    ]);
    await until('the new generation is observed', async () => {
      const { metadata, status } = await target();
      return Number(status?.['observedGeneration']) >= (metadata.generation ?? 0);
    });
    expect(progressing(await target())?.reason).not.toBe('ProgressDeadlineExceeded');
    if (!kubectlThere) return;
    const waiting = await kubectl('rollout', 'status', TARGET, '--watch=false');
    expect(waiting.out).toContain('0 out of 6 new replicas have been updated');
    expect(waiting.out).not.toContain('exceeded its progress deadline');
  });

  it('lets a team out: opted out, the target can be resumed, and then carries no marker', async () => {
    await stage.client.patch(PATH, 'merge', { metadata: { annotations: { 'sluice.dev/policy': null } } });
    await until('the release has ended', async () => (await phases()).includes('Aborted'));
    expect(await hold()).toBe('paused, new');
    if (kubectlThere) expect(await kubectl('rollout', 'resume', TARGET)).toMatchObject({ code: 0 });
    else await stage.client.patch(PATH, 'merge', { spec: { paused: false } });
    await until(
      'the target has rolled out natively',
      async () => (await target()).status?.['updatedReplicas'] === 6,
    );
    await until('the marker is gone', async () => (await hold()) === 'un-paused, unmarked');
    expect(broken).toEqual([]);
  });
});
