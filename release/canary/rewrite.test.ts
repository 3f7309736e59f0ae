import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cloneJson, getStringMap } from '../../lib/json.ts';
import type { JsonObject } from '../../lib/json.ts';
import { aDeployment, aService } from '../../test/support/objects.ts';
import { canaryDeployment, canaryService, rewriteOf } from './objects.ts';
import { chooseRewrite } from './choose.ts';
import { rewriteTemplate, undoRewrite } from './rewrite.ts';
import { mapSelects, selectorMatches } from './selector.ts';

const rewrite = { app: { from: 'web', to: 'web-canary' } };

describe('rewriteTemplate', () => {
  const own = { matchLabels: { app: 'web' } };
  const term = (labelSelector: JsonObject): JsonObject => ({ topologyKey: 'zone', labelSelector });
  const template = (labelSelector: JsonObject): JsonObject => ({
    metadata: { labels: { app: 'web', tier: 'front' }, annotations: { note: 'web' } },
    spec: {
      affinity: {
        podAntiAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: [term(labelSelector)],
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, podAffinityTerm: term(labelSelector) },
          ],
        },
        podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(labelSelector)] },
      },
      topologySpreadConstraints: [{ maxSkew: 1, ...term(labelSelector) }],
    },
  });

  test.each([
    ['matchLabels', own, { matchLabels: { app: 'web-canary' } }],
    [
      'matchExpressions',
      { matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web'] }] },
      { matchExpressions: [{ key: 'app', operator: 'In', values: ['api', 'web-canary'] }] },
    ],
  ])('takes selectors of the pods themselves along: %s', (_name, before, after) => {
    const got = rewriteTemplate(template(before), rewrite);
    expect(got).toEqual({
      ...template(after),
      metadata: { labels: { app: 'web-canary', tier: 'front' }, annotations: { note: 'web' } },
    });
  });

  test.each([
    ['another application', { matchLabels: { app: 'redis' } }],
    ['other pods that share a label', { matchLabels: { app: 'web', tier: 'cache' } }],
    ['everything', {}],
  ])('leaves selectors of %s alone', (_name, selector) => {
    expect(rewriteTemplate(template(selector), rewrite).spec).toEqual(template(selector).spec);
  });
});

const key = fc.constantFrom('app', 'tier', 'name', 'sluice.dev/track');
const value = fc.constantFrom('web', 'front', 'web-canary', 'canary', 'stable', 'x');
const labelsOf = fc.dictionary(key, value, { minKeys: 1 });
const expression = fc.record({
  key,
  operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt'),
  values: fc.array(value, { maxLength: 3 }),
});
const selectorOf = fc.record(
  { matchLabels: labelsOf, matchExpressions: fc.array(expression, { maxLength: 2 }) },
  { requiredKeys: [] },
);
const json = fc.jsonValue().map((x) => x as JsonObject);
const scenario = fc
  .record({
    labels: labelsOf,
    selectors: fc.array(selectorOf, { maxLength: 4 }),
    unknown: fc.dictionary(fc.constantFrom('later', 'newField'), json),
    pick: fc.infiniteStream(fc.boolean()),
  })
  .map(({ labels, selectors, unknown, pick }) => {
    const some = () => {
      const entries = Object.entries(labels);
      const chosen = entries.filter(() => pick.next().value as boolean);
      return Object.fromEntries(chosen.length === 0 ? entries : chosen);
    };
    const terms = selectors.map((labelSelector) => ({ topologyKey: 'zone', labelSelector, ...unknown }));
    const spec = {
      ...unknown,
      topologySpreadConstraints: terms,
      affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
    };
    const template = { ...unknown, metadata: { labels, ...unknown }, spec };
    const services = [aService('a', some()), aService('b', some())];
    const target = aDeployment('web', labels, {
      spec: { ...unknown, selector: { matchLabels: some() }, template },
    });
    return { target, template: template, services };
  });

function rewriteFor({
  target,
  template,
  services,
}: {
  target: { spec?: JsonObject };
  template: JsonObject;
  services: ReturnType<typeof aService>[];
}) {
  const got = chooseRewrite({ template, selector: target.spec?.['selector'] as JsonObject, services });
  if (!got.ok) throw new Error(got.refusal.sentence);
  return got.rewrite;
}

describe('for every template and every set of Services', () => {
  test('no Service in front selects a canary pod, and the canary Service selects it and no stable pod', () => {
    fc.assert(
      fc.property(scenario, (world) => {
        const input = { target: world.target, rewrite: rewriteFor(world), release: 'web-2' };
        const canary = canaryDeployment({ ...input, replicas: 1 });
        const pod = getStringMap(canary, 'spec', 'template', 'metadata', 'labels');
        const stablePod = getStringMap(world.template, 'metadata', 'labels');
        for (const service of world.services) {
          expect(mapSelects(getStringMap(service, 'spec', 'selector'), pod)).toBe(false);
          const own = getStringMap(canaryService({ ...input, stableService: service }), 'spec', 'selector');
          expect(mapSelects(own, pod)).toBe(true);
          expect(mapSelects(own, stablePod)).toBe(false);
        }
        const selector = canary.spec?.['selector'] as JsonObject;
        expect(selectorMatches(selector, pod)).toBe(true);
        expect(selectorMatches(selector, stablePod)).toBe(false);
      }),
    );
  });

  test('undoing the rewrite gives the template back, unknown fields and all', () => {
    fc.assert(
      fc.property(scenario, (world) => {
        const before = cloneJson(world.template);
        const chosen = rewriteFor(world);
        const there = rewriteTemplate(world.template, chosen);
        expect(there).not.toEqual(before);
        expect(undoRewrite(there, chosen)).toEqual(before);
        expect(world.template).toEqual(before);
      }),
    );
  });

  test('the canary says with which rewrite it was made', () => {
    fc.assert(
      fc.property(scenario, (world) => {
        const chosen = rewriteFor(world);
        const canary = canaryDeployment({
          target: world.target,
          rewrite: chosen,
          release: 'web-2',
          replicas: 1,
        });
        expect(rewriteOf(canary)).toEqual(chosen);
      }),
    );
  });
});
