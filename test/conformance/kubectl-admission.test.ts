/** The shipped admission policies as kubectl's users see them. */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FIELD_MANAGER } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { checkPolicies } from '../../controller/hold/check.ts';
import { shippedPolicies } from '../../controller/hold/shipped.ts';
import { KubeClient } from '../../kube/client.ts';
import { connect } from '../../kube/http.ts';
import { realClock } from '../../playground/apiserver/clock.ts';
import { serviceAccount } from '../../playground/apiserver/http/users.ts';
import { writeKubeconfig } from '../../playground/apiserver/kubeconfig.ts';
import { listen } from '../../playground/apiserver/listen.ts';
import type { Listening } from '../../playground/apiserver/listen.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';

const present = spawnSync('kubectl', ['version', '--client']).status === 0;
const title = present
  ? 'kubectl and the hold'
  : 'kubectl and the hold (skipped: there is no kubectl on the PATH)';
const POLICIES = ['common', 'admission-mode'].map((folder) =>
  fileURLToPath(new URL(`../../manifests/admission/${folder}`, import.meta.url)),
);

const manifest = (image: string, policy = 'default'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {sluice.dev/policy: ${policy}}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: "${image}"}]}
`;

interface Result {
  code: number;
  out: string;
}

describe.skipIf(!present)(title, () => {
  const users = { robot: serviceAccount('sluice-system', 'sluice') };
  const api = createApiServer({ clock: realClock, users });
  const workloads = startWorkloads({
    store: api.store,
    clock: realClock,
    runtime: fakeRuntime(realClock),
    schedule: false,
  });
  const folder = mkdtempSync(join(tmpdir(), 'sluice-kubectl-'));
  const file = join(folder, 'web.yaml');
  let listening: Listening;
  let kubeconfig: string;

  beforeAll(async () => {
    listening = await listen(api, 0);
    kubeconfig = writeKubeconfig(listening.url, undefined);
  });

  afterAll(async () => {
    workloads.stop();
    api.close();
    await listening.close();
    for (const path of [folder, dirname(kubeconfig)]) rmSync(path, { recursive: true, force: true });
  });

  function kubectl(...args: string[]): Promise<Result> {
    const all = ['--kubeconfig', kubeconfig, '--cache-dir', join(folder, 'cache'), ...args];
    return new Promise((resolve) => {
      const child = execFile('kubectl', all, (_error, stdout, stderr) => {
        resolve({ code: child.exitCode ?? 1, out: stdout + stderr });
      });
    });
  }
  const spec = async (path: string): Promise<string> =>
    (await kubectl('get', 'deployment/web', '-o', `jsonpath={${path}}`)).out;

  it('installs the policies and rolls the first version out', async () => {
    for (const folder of POLICIES) expect(await kubectl('apply', '-k', folder)).toMatchObject({ code: 0 });
    writeFileSync(file, manifest('shop:1', 'Not.A.Label'));
    expect((await kubectl('apply', '-f', file)).out).toContain('give a DNS label');
    writeFileSync(file, manifest('shop:1'));
    expect(await kubectl('apply', '-f', file)).toMatchObject({ code: 0 });
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=10m')).toMatchObject({ code: 0 });
    expect(await spec('.spec.paused')).toBe('');
  });

  it('gives policies by which a controller holds, though kustomize has broken their lines anew', async () => {
    const own = writeKubeconfig(listening.url, 'robot');
    const connection = connect({ kubeconfig: own, userAgent: 'sluice' });
    const { transport } = connection;
    const resources = Object.values(RESOURCES);
    const client = new KubeClient({ transport, clock: realClock, fieldManager: FIELD_MANAGER, resources });
    const targets = [{ namespace: 'default', name: 'web' }];
    const checked = await checkPolicies(client, shippedPolicies(), targets);
    connection.close();
    rmSync(dirname(own), { recursive: true, force: true });
    expect(checked).toEqual({ good: true, untried: undefined });
  });

  it('restarts without being held', async () => {
    expect(await kubectl('rollout', 'restart', 'deployment/web')).toMatchObject({ code: 0 });
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=10m')).toMatchObject({ code: 0 });
    expect(await spec('.spec.paused')).toBe('');
  });

  it('holds an apply, and whatever else is tried after it', async () => {
    writeFileSync(file, manifest('shop:2'));
    expect(await kubectl('apply', '-f', file)).toMatchObject({ code: 0 });
    expect(await spec('.spec.paused')).toBe('true');
    expect(await kubectl('replace', '-f', file)).toMatchObject({ code: 0 });
    expect(await kubectl('apply', '--server-side', '--force-conflicts', '-f', file)).toMatchObject({
      code: 0,
    });
    expect(await kubectl('scale', 'deployment/web', '--replicas=3')).toMatchObject({ code: 0 });
    expect(await spec('.spec.paused')).toBe('true');
    const waiting = await kubectl('rollout', 'status', 'deployment/web', '--watch=false');
    expect(waiting.out).toContain('0 out of 3 new replicas have been updated');
  });

  it('answers a resume with a sentence', async () => {
    const answer = await kubectl('rollout', 'resume', 'deployment/web');
    expect(answer.code).not.toBe(0);
    expect(answer.out).toContain('is held by Sluice');
    expect(answer.out).toContain('sluice promote deployment/web');
  });

  it('does not let the marker be taken off in the name of `kubectl rollout`', async () => {
    const answer = await kubectl(
      ...['annotate', 'deployment/web', 'sluice.dev/held-', '--field-manager=kubectl-rollout'],
    );
    expect(answer.code).not.toBe(0);
    expect(answer.out).toContain('only the controller changes it while deployment web is held');
    expect(await spec('.metadata.annotations.sluice\\.dev/held')).toBe('new');
  });

  it('lets the controller roll it out', async () => {
    // kubectl sends no credentials over plain HTTP
    const done = await fetch(`${listening.url}/apis/apps/v1/namespaces/default/deployments/web`, {
      method: 'PATCH',
      headers: { authorization: 'Bearer robot', 'content-type': 'application/json-patch+json' },
      body: JSON.stringify([
        { op: 'replace', path: '/spec/paused', value: false },
        { op: 'remove', path: '/metadata/annotations/sluice.dev~1held' },
      ]),
    });
    expect(done.status).toBe(200);
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=10m')).toMatchObject({ code: 0 });
    expect(await spec('..image')).toBe('shop:2');
  });

  it('lets a team out: opted out, resume works', async () => {
    await kubectl('set', 'image', 'deployment/web', 'app=shop:3');
    expect(await spec('.spec.paused')).toBe('true');
    await kubectl('annotate', 'deployment/web', 'sluice.dev/policy-');
    expect(await kubectl('rollout', 'resume', 'deployment/web')).toMatchObject({ code: 0 });
    expect(await kubectl('rollout', 'status', 'deployment/web', '--timeout=10m')).toMatchObject({ code: 0 });
  });
});
