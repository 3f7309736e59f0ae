import { expect, it } from 'vitest';
import { equalJson } from '../../lib/json.ts';
import type { KubeObject, ObjectMeta, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { apiVersionOf, RESOURCES } from '../../api/resources.ts';
import { planCompanions, type CompanionInput } from '../../release/companions/index.ts';
import { aDeployment, aService } from './objects.ts';

/** An object of namespace "shop", of a kind that may have to follow the canary. */
export const followed = (
  resource: Resource,
  name: string,
  spec: JsonObject,
  metadata: Partial<ObjectMeta> = {},
): KubeObject => ({
  apiVersion: apiVersionOf(resource),
  kind: resource.kind,
  metadata: { name, namespace: 'shop', uid: `uid-${resource.kind}-${name}`, ...metadata },
  spec,
});

export const TARGET = aDeployment('web', { app: 'web', tier: 'front' });
/** selects stable pods of the app */
export const APP = { matchLabels: { app: 'web' } };
/** selects exactly its canary pods */
export const CANARY = { matchLabels: { app: 'web-canary' } };

export const companionInput = (
  attached: readonly KubeObject[],
  change: Partial<CompanionInput> = {},
): CompanionInput => ({
  target: TARGET,
  template: TARGET.spec?.['template'] as JsonObject,
  rewrite: { app: { from: 'web', to: 'web-canary' } },
  release: 'web-5',
  service: { stable: aService('web', { app: 'web' }), canary: 'web-canary' },
  attached,
  ...change,
});

/** The result for one object: the specs of its copies, or the sentences of the refusals. */
export function outcome(object: KubeObject, change: Partial<CompanionInput> = {}): JsonObject[] | string {
  const { wanted, refusals } = planCompanions(companionInput([object], change));
  if (refusals.length > 0) return refusals.map(({ reason, sentence }) => `${reason}: ${sentence}`).join(' ');
  return wanted.map(({ object: { spec } }) => spec ?? {});
}

/** The spec of an object named p, and what it gives: the specs of its copies, or a refusal. */
export type FollowedCase = [name: string, spec: JsonObject, want: JsonObject[] | RegExp];

/** One test for each case; the object itself is never changed. */
export function testFollowed(kind: keyof typeof RESOURCES, cases: FollowedCase[]): void {
  it.each(cases)('%s', (_name, spec, want) => {
    const object = followed(RESOURCES[kind], 'p', spec);
    const before = structuredClone(object);
    const got = outcome(object);
    if (want instanceof RegExp) expect(got).toMatch(want);
    else expect(got).toEqual(want);
    expect(equalJson(object, before)).toBe(true);
  });
}
