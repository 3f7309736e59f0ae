import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realClock } from '../../playground/api/clock.ts';
import { writeKubeconfig } from '../../playground/api/kubeconfig.ts';
import { listen } from '../../playground/api/listen.ts';
import type { Listening } from '../../playground/api/listen.ts';
import { createApiServer } from '../../playground/api/server.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';

const present = spawnSync('kubectl', ['version', '--client']).status === 0;
const name = present ? 'kubectl' : 'kubectl (skipped: there is none on the PATH)';

const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "shop:1", ports: [{containerPort: 80}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`;

describe.skipIf(!present)(name, () => {
  const api = createApiServer({ clock: realClock });
  const workloads = startWorkloads({
    store: api.store,
    clock: realClock,
    runtime: fakeRuntime(realClock),
    schedule: false,
  });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kubectl-'));
  const manifest = join(folder, 'web.yaml');
  let listening: Listening;
  let kubeconfig: string;

  beforeAll(async () => {
    listening = await listen(api, 0);
    kubeconfig = writeKubeconfig(listening.url, undefined);
    writeFileSync(manifest, MANIFEST);
  });

  afterAll(async () => {
    workloads.stop();
    api.close();
    await listening.close();
    for (const path of [folder, dirname(kubeconfig)]) rmSync(path, { recursive: true, force: true });
  });

  async function kubectl(...args: string[]): Promise<string> {
    const cache = join(folder, 'cache');
    const { stdout } = await promisify(execFile)('kubectl', [
      '--kubeconfig',
      kubeconfig,
      '--cache-dir',
      cache,
      ...args,
    ]);
    return stdout;
  }

  it('applies, waits for and shows a Deployment', { timeout: 60_000 }, async () => {
    expect(await kubectl('apply', '-f', manifest)).toContain('deployment.apps/web created');
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s')).toContain(
      'successfully rolled out',
    );
    expect(await kubectl('get', 'deployment,service')).toMatch(/deployment.apps\/web +2\/2 +2 +2/);
    expect(await kubectl('describe', 'deployment/web')).toContain('NewReplicaSet');
    expect(await kubectl('apply', '--server-side', '--force-conflicts', '-f', manifest)).toContain(
      'serverside-applied',
    );
    expect(await kubectl('apply', '-f', manifest)).toContain('service/web unchanged');
  });

  it('changes, pauses, takes back and scales it', { timeout: 60_000 }, async () => {
    await kubectl('set', 'image', 'deployment/web', 'app=shop:2');
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s');
    expect(await kubectl('rollout', 'history', 'deployment/web')).toMatch(/^2 /m);
    await kubectl('rollout', 'pause', 'deployment/web');
    await kubectl('rollout', 'resume', 'deployment/web');
    await kubectl('rollout', 'undo', 'deployment/web');
    expect(await kubectl('get', 'deployment/web', '-o', 'jsonpath={..image}')).toContain('shop:1');
    await kubectl('rollout', 'restart', 'deployment/web');
    await kubectl('scale', 'deployment/web', '--replicas=3');
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=20s');
    expect(await kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout=20s')).toContain(
      'condition met',
    );
  });

  it('creates and deletes without a file', { timeout: 60_000 }, async () => {
    expect(await kubectl('create', 'namespace', 'other')).toContain('namespace/other created');
    await kubectl('create', 'configmap', 'settings', '--from-literal=a=b', '-n', 'other');
    expect(await kubectl('get', 'configmap/settings', '-n', 'other', '-o', 'jsonpath={.data.a}')).toBe('b');
    expect(await kubectl('delete', 'namespace', 'other', '--timeout=20s')).toContain('deleted');
    expect(await kubectl('delete', '-f', manifest, '--timeout=20s')).toContain(
      'deployment.apps "web" deleted',
    );
  });
});
