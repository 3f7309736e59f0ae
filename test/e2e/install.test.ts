/** Installed, used and uninstalled as people do it, one command each. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { getObjects, getString } from '../../lib/json.ts';
import { eventually } from '../support/eventually.ts';
import { EmptyCluster, type Ended } from '../support/installed.ts';

const NAMESPACE = 'shop';
const at = (resource: ObjectRef['resource']): ObjectRef => ({ resource, namespace: NAMESPACE, name: 'web' });
const TARGET = at(RESOURCES.deployments);
const ROUTE = at(RESOURCES.httpRoutes);
const THEIRS = [TARGET, ROUTE, at(RESOURCES.services)];
const metadata = { name: 'web', namespace: NAMESPACE };

const template = (version: number) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'app', image: `web:${version}` }] },
});

/** A Deployment behind a Service and a route, as its users wrote them. */
const APP: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: { replicas: 2, selector: { matchLabels: { app: 'web' } }, template: template(1) },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata,
    spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata,
    spec: { parentRefs: [{ name: 'edge' }], rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] },
  },
];

const POLICY: KubeObject[] = [
  {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'AnalysisTemplate',
    metadata: { name: 'errors', namespace: NAMESPACE },
    spec: {
      interval: '1s',
      metrics: [{ name: 'errors', threshold: { query: 'errors', success: 'value < 0.3' } }],
    },
  },
  {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'ReleasePolicy',
    metadata: { name: 'quick', namespace: NAMESPACE },
    spec: {
      steps: [{ weight: 50, minDuration: '3s', maxDuration: '5m' }],
      analysis: [{ template: 'errors' }],
      warmup: '0s',
      drain: '0s',
      settle: '0s',
    },
  },
];

let cluster: EmptyCluster;

beforeEach(async () => {
  cluster = await EmptyCluster.start();
});
afterEach(() => cluster.stop());

const phase = async (): Promise<string> => {
  const { items } = await cluster.client.list(RESOURCES.releases, { namespace: NAMESPACE });
  const newest = items.at(-1);
  return `${getString(newest?.status, 'phase')} ${getString(newest?.status, 'reason')}`;
};

async function succeeds(...args: string[]): Promise<string> {
  const ended: Ended = await cluster.sluice(...args);
  expect([ended.code, ended.error]).toEqual([0, '']);
  return ended.out;
}

/** From nothing to an idle target: one command installs, one annotation opts in. */
async function begin(): Promise<ReturnType<EmptyCluster['controller']>> {
  await cluster.apply(...APP);
  await succeeds('install', '--prometheus', cluster.prometheus);
  const controller = cluster.controller();
  await cluster.apply(...POLICY);
  const annotations = { 'sluice.dev/policy': 'quick' };
  await cluster.client.mergePatch(TARGET, { metadata: { annotations } });
  await eventually(async () => expect(await phase()).toBe('Promoted Initial'));
  return controller;
}

const change = (version: number): Promise<KubeObject> =>
  cluster.client.mergePatch(TARGET, { spec: { template: template(version) } });

const weights = async (): Promise<unknown[]> => {
  const [rule] = getObjects((await cluster.client.get(ROUTE))?.spec, 'rules');
  return getObjects(rule, 'backendRefs').map(({ weight }) => weight);
};

/** Nothing of Sluice's making is left beside the users' objects. */
async function expectNoneLeft(): Promise<void> {
  for (const resource of [RESOURCES.deployments, RESOURCES.services]) {
    const { items } = await cluster.client.list(resource, { namespace: NAMESPACE });
    expect(items.map((each) => each.metadata.name)).toEqual(['web']);
  }
  const home = await cluster.client.list(RESOURCES.deployments, { namespace: 'sluice-system' });
  expect(home.items).toEqual([]);
}

describe('sluice on an empty cluster', () => {
  it('is installed, promotes a guarded release, and leaves as if it had never been there', async () => {
    const controller = await begin();
    await change(2);
    await eventually(async () => expect(await phase()).toMatch(/^Promoted Promot/));
    const before = await cluster.written(...THEIRS);
    await controller.end('SIGTERM');
    const said = await succeeds('uninstall');
    expect(said).toContain('HTTPRoute shop/web: as it was before web-');
    expect(said).toContain('Deployment shop/web: as it was before web-');
    expect(await cluster.written(...THEIRS)).toEqual(before);
    expect(before[0]).toContain('web:2');
    await expectNoneLeft();
    expect(await succeeds('uninstall', '--crds')).toContain(
      'customresourcedefinition/releases.sluice.dev: deleted',
    );
    expect(await succeeds('uninstall')).toContain('nothing to do');
    expect(await cluster.written(...THEIRS)).toEqual(before);
  });

  it('is uninstalled in the middle of a release whose controller is dead, and nothing unproven rolls out', async () => {
    const controller = await begin();
    const [target = '', ...around] = await cluster.written(...THEIRS);
    await change(2);
    await eventually(async () => expect(await weights()).toEqual([50, 50]));
    await controller.end('SIGKILL');
    const refused = await cluster.sluice('uninstall');
    expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('(Progressing)')]);
    const said = await succeeds('uninstall', '--force');
    expect(said).toContain('These targets stay paused');
    const [held = '', ...now] = await cluster.written(...THEIRS);
    expect(now).toEqual(around);
    expect(JSON.parse(held)).toEqual({
      ...(JSON.parse(target) as object),
      spec: {
        ...(JSON.parse(target) as KubeObject).spec,
        paused: true,
        template: expect.anything() as unknown,
      },
    });
    expect(held).toContain('web:2');
    await expectNoneLeft();
  });

  it('gives the stable template back in the middle of a release, if that is wanted', async () => {
    const controller = await begin();
    const before = await cluster.written(...THEIRS);
    await change(2);
    await eventually(async () => expect(await weights()).toEqual([50, 50]));
    await controller.end('SIGKILL');
    await succeeds('uninstall', '--force', '--revert', '--crds');
    expect(await cluster.written(...THEIRS)).toEqual(before);
    await expectNoneLeft();
  });
});
