import type { Write } from '../../api/writes.ts';
import { getObjects, type JsonObject } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { gateway } from '../../providers/gateway/gateway.ts';
import { OFF, type Split, type Wants } from '../../providers/provider.ts';
import { ObjectWorld } from './apply-writes.ts';
import { backend, httpRoute, rule } from './routes.ts';
import { aTrafficContext } from './traffic.ts';

/** A route with one rule, to the stable Service. */
export const shop = httpRoute('shop', [rule('/', [backend('web')])]);
export const matching: Split = { ...OFF, matching: true };
export const BETA: Wants = {
  total: 100,
  copyRules: ['root'],
  match: { headers: [{ name: 'X-Group', value: 'beta' }], cookies: [] },
};

/** The rules after one plan for the present route, with the record taken first. */
export function after(split: Split, wants: Wants, given: KubeObject = shop): JsonObject[] {
  const world = new ObjectWorld([given]);
  const first = aTrafficContext(world.list(given.kind), { wants });
  const context = { ...first, originals: gateway.record(first) };
  for (const write of gateway.plan(context, split)) world.apply(write);
  return getObjects(world.list(given.kind)[0], 'spec', 'rules');
}

export const patchOf = ([write]: readonly Write[]) => (write?.verb === 'jsonPatch' ? write.patch : []);
