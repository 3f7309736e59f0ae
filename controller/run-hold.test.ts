import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import { decide } from '../release/decide.ts';
import { shop, worldOfEachTest } from '../test/support/run-controller.ts';
import { admissionResource } from './hold/resources.ts';
import { shippedPolicies } from './hold/shipped.ts';

const world = worldOfEachTest();

/** The policies of admission mode; the controller of these tests is the playground's administrator. */
function installPolicies(): void {
  for (const each of shippedPolicies()) {
    const text = JSON.stringify(each).replaceAll(
      'system:serviceaccount:sluice-system:sluice',
      'playground-admin',
    );
    const { plural, group } = admissionResource(each.kind, 'v1');
    world().api.server.store.create(`${plural}.${group}`, JSON.parse(text) as KubeObject);
  }
}

/** Another writer than the controller gives the target a new template. */
function apply(image: string): KubeObject {
  const { store } = world().api.server;
  const draft = store.get('deployments.apps', 'team', 'shop')!;
  draft.spec = { ...draft.spec, template: shop(image).spec!['template'] };
  return store.update('deployments.apps', draft);
}

const held = (): unknown[] => {
  const { spec, metadata } = world().api.server.store.get('deployments.apps', 'team', 'shop')!;
  return [spec?.['paused'] ?? false, metadata.annotations?.['sluice.dev/held']];
};

function removePolicies(): void {
  for (const { kind, metadata } of shippedPolicies()) {
    const { plural, group } = admissionResource(kind, 'v1');
    world().api.server.store.delete(`${plural}.${group}`, undefined, metadata.name);
  }
}

describe('the hold', () => {
  it('is by admission where its policies are: an idle target is left as it is, a change is held in its own write', async () => {
    installPolicies();
    const controller = world().start('a', decide, world().api.transport, 'auto');
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    expect(await world().releases()).toEqual(['Promoted Initial']);
    expect(held()).toEqual([false, undefined]);
    apply('v2');
    expect(held()).toEqual([true, 'new']);
    controller.stop.abort();
    await world().clock.advance(0);
    expect(await controller.ended).toBe('stopped');
  });

  it('goes over to pause when the policies are gone, and every target is paused', async () => {
    installPolicies();
    const controller = world().start('a', decide, world().api.transport, 'admission');
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    expect(held()).toEqual([false, undefined]);
    removePolicies();
    await world().clock.advance(60 * 60_000);
    expect(held()).toEqual([true, undefined]);
    expect(world().lines.at(-1)).toMatchObject({ rule: 'nothing-due' });
    expect(world().lines.filter(({ level }) => level === 50)).toMatchObject([
      { wanted: 'admission', mode: 'pause' },
    ]);
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
  });

  it('looks at the policies soon after it had to hold a change itself', async () => {
    installPolicies();
    const controller = world().start('a', decide, world().api.transport, 'auto');
    await world().api.client.create(shop('v1'));
    await world().clock.advance(60_000);
    removePolicies();
    apply('v2');
    await world().clock.advance(15_000);
    expect(world().lines.filter(({ level }) => level === 50)).toMatchObject([
      { wanted: 'auto', mode: 'pause' },
    ]);
    controller.stop.abort();
    await world().clock.advance(0);
    await controller.ended;
  });
});
