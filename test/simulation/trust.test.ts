import { beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { FINALIZER } from '../../api/names.ts';
import { Seal } from '../../controller/seal/seal.ts';
import type { KubeRequest } from '../../kube/types.ts';
import { BAD, BETTER, GOOD, version } from './objects.ts';
import { liveSplit } from './split.ts';
import { World } from './world.ts';

/** A user with only the right to write Releases, in a cluster without the policy that protects them. */

const RELEASES = 'releases.sluice.dev';
const EVIL = version('evil', 0).template;
const MINUTE = 60_000;

let world: World;
let written: KubeRequest[];

beforeEach(async () => {
  world = new World();
  await world.until(() => world.phase() === 'Promoted/Initial', MINUTE);
  written = [];
  world.onWrite = ({ request }) => written.push(request);
});

const to = (kind: string): string[] =>
  written.filter(({ url }) => url.includes(`/${kind}`)).map(({ method }) => method);
/** What the controller wrote from the forged Releases, except to a Release. */
const evil = (): string[] =>
  written
    .filter(({ url, body }) => !url.includes('/releases') && body?.includes('web:evil'))
    .map((e) => e.url);

async function promoted(of = GOOD): Promise<void> {
  world.release(of);
  expect(await world.until(() => world.phase().startsWith('Promoted/') && !isIdle(), 20 * MINUTE)).toBe(true);
  await world.run(MINUTE);
}
const isIdle = (): boolean => world.phase() === 'Promoted/Initial';

function edit(name: string, change: (draft: KubeObject) => void): void {
  world.edit(RELEASES, name, change);
}

/** A hand-made Release for the target, with any status. */
function forge(name: string, spec: JsonObject, status?: JsonObject, finalizers: string[] = []): void {
  const [like] = world.releases();
  const { store } = world.api;
  const target = { name: 'web', uid: world.target()?.metadata.uid ?? '' };
  const record = { ...(like as unknown as KubeObject).spec, target, intent: 'Auto', ...spec };
  store.create(RELEASES, {
    apiVersion: 'sluice.dev/v1alpha1',
    kind: 'Release',
    metadata: { name, namespace: 'shop', labels: like?.metadata.labels ?? {}, finalizers },
    spec: record,
  });
  const made = world.get(RELEASES, name);
  if (made === undefined || status === undefined) return;
  store.update(
    RELEASES,
    { ...made, status: { ...(like as unknown as KubeObject).status, ...status } },
    { subresource: 'status' },
  );
}

describe('a Release the controller did not write', () => {
  it('does not bring a template into the target by an annotation', async () => {
    await promoted();
    const name = world.newest()?.metadata.name ?? '';
    edit(name, ({ metadata }) => {
      metadata.annotations = { ...metadata.annotations, 'sluice.dev/set-aside': JSON.stringify(EVIL) };
    });
    await world.run(10 * MINUTE);
    expect(evil()).toEqual([]);
    expect(JSON.stringify(world.target()?.spec)).toContain('web:good');
  });

  it('does not bring a template into the target as what was stable', async () => {
    await world.run(MINUTE);
    const present = world.target()?.spec?.['template'] as JsonObject;
    const spec = { stable: { replicaSet: 'web-evil', template: EVIL }, canary: { template: present } };
    forge('web-77', spec, { phase: 'RolledBack', reason: 'HarmDetected' });
    world.editTarget((spec) => (spec['paused'] = true));
    await world.run(10 * MINUTE);
    expect(evil()).toEqual([]);
    expect(JSON.stringify(world.target()?.spec)).toContain('web:v1');
  });

  it('moves no traffic, also where nobody has opted in', async () => {
    world.editTarget((_, draft) => delete draft.metadata.annotations?.['sluice.dev/policy']);
    const routes = [{ apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', name: 'web' }];
    const traffic = { provider: 'gateway', service: 'web', canaryService: 'bank', routes, rewrite: {} };
    for (const [index, phase] of ['Progressing', 'Promoting', 'RollingBack'].entries())
      forge(`web-7${index}`, { traffic }, { phase, weight: 100, step: 0 }, [FINALIZER]);
    await world.run(5 * MINUTE);
    expect(to('httproutes')).toEqual([]);
    // and it is reported, and does not block a deletion
    const forged = world.releases().filter(({ metadata }) => /^web-7/.test(metadata.name));
    expect(forged.map(({ status }) => [status?.phase, status?.reason])).toEqual(
      Array(3).fill(['Aborted', 'InvalidRelease']),
    );
    expect(forged.flatMap(({ metadata }) => metadata.finalizers ?? [])).toEqual([]);
  });

  it.each([
    ['with a status', { phase: 'RolledBack', reason: 'HarmDetected' }],
    ['without one', undefined],
  ])('of a higher number keeps nobody busy: %s', async (_how, status) => {
    forge('web-999', {}, status);
    await world.run(MINUTE);
    expect(to('releases').length).toBeLessThan(8);
    world.release(GOOD);
    const isPromoted = () => world.get(RELEASES, 'web-3')?.status?.['phase'] === 'Promoted';
    expect(await world.until(isPromoted, 20 * MINUTE)).toBe(true);
    expect(JSON.stringify(world.target()?.spec)).toContain('web:good');
  });
});

describe('the key of the seals', () => {
  const another = (...more: Buffer[]) => new Seal([Buffer.alloc(32, 2), ...more]);
  const FIRST = Buffer.alloc(32, 1);

  it('that is lost ends the release under way, with its traffic off; what ended stays', async () => {
    await promoted();
    const before = world.releases().map(({ metadata }) => metadata.uid);
    world.release(BETTER);
    expect(await world.until(() => liveSplit(world).weight === 25, 20 * MINUTE)).toBe(true);
    const name = world.newest()?.metadata.name ?? '';
    world.seal = another();
    expect(await world.until(() => liveSplit(world).weight === 0, 2_000)).toBe(true);
    await world.run(5 * MINUTE);
    const ended = world.get(RELEASES, name);
    expect(ended?.status).toMatchObject({ phase: 'Aborted', reason: 'InvalidRelease', weight: 0 });
    expect(ended?.status?.['message']).toContain('the key was lost');
    const kept = world.releases().map(({ metadata }) => metadata.uid);
    expect(before.filter((uid) => !kept.includes(uid))).toEqual([]);
    expect(world.get('deployments.apps', 'web-canary')).toBeUndefined();
    expect(JSON.stringify(world.get('httproutes.gateway.networking.k8s.io', 'web')?.spec)).not.toContain(
      'canary',
    );
    // it is not tried again automatically; the next template is
    expect(world.releases().filter(({ status }) => status?.phase === 'Progressing')).toEqual([]);
    await promoted(version('next', 0.005));
    expect(JSON.stringify(world.target()?.spec)).toContain('web:next');
  });

  it('is changed for another without a release noticing, and the old one is not needed afterwards', async () => {
    world.release(GOOD);
    expect(await world.until(() => liveSplit(world).weight === 25, 20 * MINUTE)).toBe(true);
    world.seal = another(FIRST);
    await world.run(10_000);
    world.seal = another();
    expect(await world.until(() => world.phase().startsWith('Promoted/'), 20 * MINUTE)).toBe(true);
    const seals = world.releases().map((each) => world.seal.standingOf(each as unknown as KubeObject));
    expect(new Set(seals)).toEqual(new Set(['sealed']));
  });

  it('is asked for nothing new where the process ended between making a Release and sealing it', async () => {
    // Its record is much younger than the last one.
    await world.run(MINUTE);
    let crashed = false;
    world.fault = ({ method, url }) => {
      if (crashed || method !== 'POST' || !url.includes('/releases')) return 'none';
      crashed = true;
      return 'crashAfter';
    };
    world.release(BAD);
    expect(await world.until(() => world.phase() === 'RolledBack/HarmDetected', 20 * MINUTE)).toBe(true);
    expect([crashed, to('releases').filter((method) => method !== 'PATCH')]).toEqual([true, ['POST']]);
  });

  it('seals no record of another that was put into that gap', async () => {
    const { metadata, spec } = world.target() ?? { metadata: { name: '' } };
    const generation = (metadata.generation ?? 0) + 1;
    forge(`web-${generation}`, { canary: { template: EVIL }, stable: { replicaSet: 'x', template: EVIL } });
    expect(spec?.['paused']).toBe(true);
    await promoted();
    expect([world.newest()?.metadata.name, evil()]).toEqual([`web-${generation}-r2`, []]);
    expect(JSON.stringify(world.newest()?.spec)).not.toContain('evil');
  });
});
