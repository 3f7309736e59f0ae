import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { getStringMap } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aDeployment, aService } from '../../test/support/objects.ts';
import { chooseSharedRewrite } from './choose-shared.ts';
import { canaryDeployment, rewriteOf } from './objects.ts';
import { rewriteTemplate, undoRewrite } from './rewrite.ts';
import { mapSelects, selectorMatches } from './selector.ts';

type Map = Record<string, string>;

const TRACK = 'sluice.dev/track';
const web = { app: 'web' };

function choose(labels: Map, matchLabels: Map, services: Map[], spec: JsonObject = {}) {
  return chooseSharedRewrite({
    template: { metadata: { labels }, spec },
    selector: { matchLabels },
    services: services.map((selector, i) => aService(`svc-${i}`, selector)),
  });
}

describe('the label that tells canary pods apart behind one Service', () => {
  const both = { app: 'web', tier: 'front' };
  const tracked = { app: 'web', [TRACK]: 'stable' };
  test.each<{ name: string; labels: Map; own: Map; services: Map[]; want: object }>([
    {
      name: 'is one of the target’s own that no Service selects by',
      labels: both,
      own: both,
      services: [web],
      want: { tier: { from: 'front', to: 'front-canary' } },
    },
    {
      name: 'is any of its own without a Service',
      labels: both,
      own: both,
      services: [],
      want: { app: { from: 'web', to: 'web-canary' } },
    },
    {
      name: 'is added where Services select by all of them',
      labels: web,
      own: web,
      services: [web],
      want: { [TRACK]: { to: 'canary' } },
    },
    {
      name: 'is added where another label than its own is free',
      labels: both,
      own: web,
      services: [web],
      want: { [TRACK]: { to: 'canary' } },
    },
    {
      name: 'is the track label with its other value, if nothing selects by it',
      labels: tracked,
      own: web,
      services: [web],
      want: { [TRACK]: { from: 'stable', to: 'canary' } },
    },
    {
      name: 'is another one where a Service selects by the track label',
      labels: tracked,
      own: tracked,
      services: [tracked],
      want: { 'sluice.dev/canary': { to: 'canary' } },
    },
  ])('$name', ({ labels, own, services, want }) => {
    expect(choose(labels, own, services)).toEqual(want);
  });

  test('never takes a label that switches something on in the pod', () => {
    const labels = { app: 'web', 'sidecar.istio.io/inject': 'true' };
    expect(choose(labels, labels, [web])).toEqual({ [TRACK]: { to: 'canary' } });
  });

  test('is the one of several with the least to follow', () => {
    const rewrite = chooseSharedRewrite({
      template: { metadata: { labels: both } },
      selector: { matchLabels: both },
      services: [],
      burden: (choice) => ('app' in choice ? 1 : 0),
    });
    expect(Object.keys(rewrite)).toEqual(['tier']);
  });
});

const key = fc.constantFrom('app', 'tier', 'name', TRACK);
const value = fc.constantFrom('web', 'front', 'canary', 'stable');
const labelsOf = fc.dictionary(key, value, { minKeys: 1 });
const scenario = fc
  .record({
    labels: labelsOf,
    selectors: fc.array(labelsOf, { maxLength: 3 }),
    pick: fc.infiniteStream(fc.boolean()),
  })
  .map(({ labels, selectors, pick }) => {
    const some = (): Map => {
      const entries = Object.entries(labels);
      const chosen = entries.filter(() => pick.next().value as boolean);
      return Object.fromEntries(chosen.length === 0 ? entries : chosen);
    };
    const terms = selectors.map((matchLabels) => ({ topologyKey: 'zone', labelSelector: { matchLabels } }));
    const template = { metadata: { labels }, spec: { topologySpreadConstraints: terms } };
    const target = aDeployment('web', labels, { spec: { selector: { matchLabels: some() }, template } });
    return { target, template, services: [aService('a', some()), aService('b', some())] };
  });

test('whatever the labels, every Service selects both arms, the canary selects its own pods only, and undoing gives the template back', () => {
  fc.assert(
    fc.property(scenario, ({ target, template, services }) => {
      const selector = target.spec?.['selector'] as JsonObject;
      const rewrite = chooseSharedRewrite({ template, selector, services });
      const canary = canaryDeployment({ target, rewrite, release: 'web-2', replicas: 1 });
      const pod = getStringMap(canary, 'spec', 'template', 'metadata', 'labels');
      for (const service of services) {
        expect(mapSelects(getStringMap(service, 'spec', 'selector'), pod)).toBe(true);
      }
      const own = canary.spec?.['selector'] as JsonObject;
      expect(selectorMatches(own, pod)).toBe(true);
      expect(selectorMatches(own, template.metadata.labels)).toBe(false);
      expect(rewriteOf(canary)).toEqual(rewrite);
      const there = rewriteTemplate(template, rewrite);
      expect(there).not.toEqual(template);
      expect(undoRewrite(there, rewrite)).toEqual(template);
    }),
  );
});
