/** What the controller may do, what others may not, and what it says about the server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { arrayOrEmpty, getObjects, getString } from '../../lib/json.ts';
import { freePort } from '../../playground/dataplane/metrics/prometheus.ts';
import { BOUND } from '../../scripts/lib/roles.ts';
import { eventually } from '../support/eventually.ts';
import { freshRelease } from '../support/crd-cases.ts';
import { deployment, image, NAMESPACE, Targets } from './held.ts';
import { Lane, NO_ADMISSION, RBAC, type Controller } from './lane.ts';

let lane: Lane;
let controller: Controller;
let targets: Targets;
let readyz: string;

beforeAll(async () => {
  lane = await Lane.start();
  await lane.install();
  const port = await freePort();
  readyz = `http://127.0.0.1:${port}/readyz`;
  controller = await lane.controller('auto', [`--metrics-port=${port}`]);
  targets = await Targets.start(
    lane,
    ['fenced', 'refused', 'unread'].map((name) => deployment(name)),
  );
});

afterAll(async () => {
  targets.stop();
  await lane.stop();
});

const setImage = (name: string, version: string) =>
  targets.kubectl('set', 'image', `deployment/${name}`, `app=${version}`);
const told = (name: string): string => getString(targets.release(name)?.status, 'message') ?? '';

async function refused(...args: string[]): Promise<string> {
  const { code, out } = await targets.kubectl(...args);
  expect(code, args.join(' ')).toBe(1);
  return out;
}

describe('the controller on this server', () => {
  it('holds by the best mode that the server can have, and says so in /readyz', async () => {
    const wanted =
      NO_ADMISSION === undefined
        ? /^hold: admission/m
        : /^hold: pause, although --hold=auto: the API server is Kubernetes v1\.\d+\.\d+ and does not serve MutatingAdmissionPolicy .* apply its guards with kubectl apply -k manifests\/admission/m;
    await eventually(async () => {
      const body = await (await fetch(readyz)).text();
      if (!wanted.test(body)) throw new Error(body);
    });
    expect(await (await fetch(readyz)).text()).toMatch(/^releases: kept by sluice-releases/m);
  });

  it('tells in one line which kinds are not installed', async () => {
    const told = (): string[] => controller.log.split('\n').filter((line) => line.includes('not installed'));
    await eventually(() => {
      if (told().length === 0) throw new Error('nothing is told yet');
    });
    expect(told()).toEqual([expect.stringContaining('scaledobjects.keda.sh')]);
  });

  it('misses no right that it has not lost', () => {
    expect(lane.forbidden).toEqual([]);
  });
});

describe('the fence around Releases', () => {
  const name = (): string => targets.release('fenced')?.metadata.name ?? '';
  const patch = (body: object, ...more: string[]): string[] => [
    ...['patch', 'release', name(), '--type=merge', '-p', JSON.stringify(body)],
    ...more,
  ];

  it('keeps the record and the status of a release to the controller', async () => {
    await setImage('fenced', image(2));
    await targets.until('fenced', /^Progressing/);
    expect(await refused(...patch({ status: { phase: 'Promoted' } }, '--subresource=status'))).toContain(
      'only the controller writes the status of a Release',
    );
    expect(await refused(...patch({ spec: { policy: { onFailure: 'revert' } } }))).toContain(
      'the record of a Release does not change; only intent may be set',
    );
    expect(await refused('label', 'release', name(), 'sluice.dev/target=other', '--overwrite')).toContain(
      'only the controller changes the labels sluice.dev/… of a Release',
    );
    expect(await refused('annotate', 'release', name(), 'sluice.dev/seal=mine', '--overwrite')).toContain(
      'only the controller changes the annotations sluice.dev/… of a Release',
    );
  });

  it('lets nobody else make one', async () => {
    const input = JSON.stringify({ ...freshRelease(), metadata: { name: 'forged', namespace: NAMESPACE } });
    const { code, out } = await lane.kubectl(['create', '-f', '-'], { input });
    expect(code).toBe(1);
    expect(out).toContain('only the controller creates Releases');
  });

  it('lets people give orders, by the intent and by annotations', async () => {
    const first = name();
    expect(await targets.kubectl(...patch({ spec: { intent: 'Abort' } }))).toMatchObject({ code: 0 });
    await targets.until('fenced', /^Aborted\/AbortedByHuman$/);
    const at = new Date().toISOString();
    expect(await targets.kubectl('annotate', 'release', first, `sluice.dev/retry=${at}`)).toMatchObject({
      code: 0,
    });
    await targets.until('fenced', /^Progressing/);
    expect(name()).not.toBe(first);
    expect(await targets.kubectl('delete', 'release', first)).toMatchObject({ code: 0 });
    expect(await targets.sluice('promote', 'deployment/fenced')).toMatchObject({ code: 0 });
    await targets.until('fenced', /^Promoted\/PromotedByHuman$/);
  });
});

describe('the annotation sluice.dev/policy', () => {
  it.each(['Not.A.Label', 'a_b', '-a', 'a'.repeat(64), ''])('is refused as "%s"', async (value) => {
    const annotate = ['annotate', 'deployment/fenced', '--overwrite', `sluice.dev/policy=${value}`];
    expect(await refused(...annotate)).toContain(
      `annotation sluice.dev/policy: "${value}" is no name of a ReleasePolicy; give a DNS label such as "default"`,
    );
  });

  it.each(['default', 'a'.repeat(63), '0-a'])('is taken as "%s"', async (value) => {
    const annotate = ['annotate', 'deployment/fenced', '--overwrite', `sluice.dev/policy=${value}`];
    expect(await targets.kubectl(...annotate, '--dry-run=server')).toMatchObject({ code: 0 });
  });
});

describe('a right that is missing', () => {
  /** Removes a resource, or some verbs for it, from every ClusterRole of the controller. */
  async function take(resource: string, verbs?: readonly string[]): Promise<void> {
    const roles = await lane.list('clusterroles', '', BOUND);
    expect(roles).not.toEqual([]);
    const items = roles.map((role) => ({ ...role, rules: without(role, resource, verbs) }));
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    expect(await lane.kubectl(['replace', '-f', '-'], { input })).toMatchObject({ code: 0 });
  }

  const without = (role: KubeObject, resource: string, verbs?: readonly string[]) =>
    getObjects(role, 'rules').flatMap((rule) => {
      const has = (field: string) => arrayOrEmpty(rule, field);
      if (!has('resources').includes(resource)) return [rule];
      const others = has('resources').filter((each) => each !== resource);
      const kept = has('verbs').filter((verb) => verbs !== undefined && !verbs.some((each) => each === verb));
      return [
        ...(others.length === 0 ? [] : [{ ...rule, resources: others }]),
        ...(kept.length === 0 ? [] : [{ ...rule, resources: [resource], verbs: kept }]),
      ];
    });
  const giveBack = () => lane.ok(['apply', '-f', RBAC]);

  it('to write is told before a release begins, and it begins once the right is there', async () => {
    await take('deployments', ['create']);
    await setImage('refused', image(2));
    await targets.until('refused', /^Blocked\/Forbidden$/);
    expect(told('refused')).toMatch(/create.*deployments/);
    await giveBack();
    await targets.until('refused', /^Progressing/);
  });

  it('to read is told with the resource and the verbs', async () => {
    await controller.end();
    await take('networkpolicies');
    controller = await lane.controller();
    await setImage('unread', image(2));
    await targets.until('unread', /^Blocked\/Forbidden$/);
    expect(told('unread')).toMatch(/networkpolicies/);
    expect(told('unread')).toMatch(/list.*watch/);
    await giveBack();
  });
});
