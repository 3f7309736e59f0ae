import { execFile, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { realClock } from '../../playground/apiserver/clock.ts';
import { writeKubeconfig } from '../../playground/apiserver/kubeconfig.ts';
import { listen } from '../../playground/apiserver/listen.ts';
import type { Listening } from '../../playground/apiserver/listen.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
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
    return (await promisify(execFile)('kubectl', withServer(args))).stdout;
  }

  function withServer(args: string[]): string[] {
    return ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'cache'), ...args];
  }

  it('applies, waits for and shows a Deployment', async () => {
    expect(await kubectl('apply', '-f', manifest)).toContain('deployment.apps/web created');
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=10m')).toContain(
      'successfully rolled out',
    );
    expect(await kubectl('get', 'deployment,service')).toMatch(/deployment.apps\/web +2\/2 +2 +2/);
    expect(await kubectl('describe', 'deployment/web')).toContain('NewReplicaSet');
    expect(await kubectl('apply', '--server-side', '--force-conflicts', '-f', manifest)).toContain(
      'serverside-applied',
    );
    expect(await kubectl('apply', '-f', manifest)).toContain('service/web unchanged');
  });

  it('applies a List, and leaves it to the server to find a field that no kind has', async () => {
    const data = (fields: object) => ({ ...fields, apiVersion: 'v1', kind: 'ConfigMap' });
    const list = (...items: object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const one = data({ metadata: { name: 'one' }, data: { x: '1' } });
    const file = join(folder, 'list.json');
    writeFileSync(file, list(one, data({ metadata: { name: 'two' } })));
    expect(await kubectl('apply', '-f', file)).toBe('configmap/one created\nconfigmap/two created\n');
    expect(await kubectl('apply', '-f', file)).toBe('configmap/one unchanged\nconfigmap/two unchanged\n');
    writeFileSync(file, list({ ...one, nothing: 1 }));
    await expect(kubectl('apply', '-f', file)).rejects.toThrow(/unknown field "nothing"/);
    await kubectl('delete', 'configmap', 'one', 'two');
  });

  it('explains the fields of a custom kind in the words of its definition', async () => {
    const crds = fileURLToPath(new URL('../../manifests/crds/releasepolicies.yaml', import.meta.url));
    await kubectl('apply', '-f', crds);
    await eventually(async () =>
      expect(await kubectl('explain', 'releasepolicy.spec.strategy')).toContain(
        'a share of the requests (canary',
      ),
    );
    expect(await kubectl('explain', 'releasepolicy')).toContain('How a change of a Deployment is delivered.');
  });

  it('changes, pauses, takes back and scales it', async () => {
    await kubectl('set', 'image', 'deployment/web', 'app=shop:2');
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=10m');
    expect(await kubectl('rollout', 'history', 'deployment/web')).toMatch(/^2 /m);
    await kubectl('rollout', 'pause', 'deployment/web');
    await kubectl('rollout', 'resume', 'deployment/web');
    await kubectl('rollout', 'undo', 'deployment/web');
    expect(await kubectl('get', 'deployment/web', '-o', 'jsonpath={..image}')).toContain('shop:1');
    await kubectl('rollout', 'restart', 'deployment/web');
    await kubectl('scale', 'deployment/web', '--replicas=3');
    await kubectl('rollout', 'status', 'deployment/web', '--timeout=10m');
    expect(await kubectl('wait', '--for=condition=Available', 'deployment/web', '--timeout=10m')).toContain(
      'condition met',
    );
  });

  it('patches in every way, and edits', async () => {
    const replicas = () => kubectl('get', 'deployment/web', '-o', 'jsonpath={.spec.replicas}');
    const patches = [
      ['strategic', '{"spec":{"replicas":1}}', '1'],
      ['merge', '{"spec":{"replicas":2}}', '2'],
      ['json', '[{"op":"replace","path":"/spec/replicas","value":3}]', '3'],
    ] as const;
    for (const [type, patch, want] of patches) {
      await kubectl('patch', 'deployment/web', '--type', type, '-p', patch);
      expect(await replicas()).toBe(want);
    }
    const editor = "KUBE_EDITOR=sed -i 's/replicas: 3/replicas: 2/'";
    const edit = [editor, 'kubectl', ...withServer(['edit', 'deployment/web'])];
    const { stdout } = await promisify(execFile)('env', edit);
    expect(stdout).toContain('deployment.apps/web edited');
    expect(await replicas()).toBe('2');
  });

  it('tells of Events, and of changes as they come', async () => {
    expect(await kubectl('events', '--for', 'deployment/web')).toContain('ScalingReplicaSet');
    expect(await kubectl('get', 'events', '--field-selector', 'involvedObject.kind=Deployment')).toContain(
      'deployment/web',
    );
    const watching = spawn('kubectl', ['--kubeconfig', kubeconfig, 'get', 'deployment/web', '-w']);
    let seen = '';
    watching.stdout.on('data', (chunk: Buffer) => (seen += chunk.toString()));
    await eventually(() => expect(seen).toContain('2/2'));
    await kubectl('scale', 'deployment/web', '--replicas=4');
    await eventually(() => expect(seen).toContain('4/4'));
    const closed = new Promise((resolve) => watching.once('close', resolve));
    watching.kill();
    await closed;
  });

  it('creates and deletes without a file', async () => {
    expect(await kubectl('create', 'namespace', 'other')).toContain('namespace/other created');
    await kubectl('create', 'configmap', 'settings', '--from-literal=a=b', '-n', 'other');
    expect(await kubectl('get', 'configmap/settings', '-n', 'other', '-o', 'jsonpath={.data.a}')).toBe('b');
    expect(await kubectl('delete', 'namespace', 'other', '--timeout=10m')).toContain('deleted');
    expect(await kubectl('delete', '-f', manifest, '--timeout=10m')).toContain(
      'deployment.apps "web" deleted',
    );
  });
});
