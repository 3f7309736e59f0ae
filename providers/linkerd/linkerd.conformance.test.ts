import fc from 'fast-check';
import { expect, test } from 'vitest';
import { getNumber, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { foreignCheck } from '../../test/support/kinds/index.ts';
import { httpRoute, rule } from '../../test/support/routes.ts';
import { serviceProfile, trafficSplit } from '../../test/support/linkerd.ts';
import { describeProvider, LADDERS, type ForeignEdit, type Place, type World } from '../conformance/suite.ts';
import { linkerd } from './linkerd.ts';

/** With the schemas of both versions. */
const checks = ['v1alpha1', 'v1alpha2'].map((version) => foreignCheck('TrafficSplit', version));

test.each(checks)('the schema finds a wrong TrafficSplit wrong', (validate) => {
  expect(validate({ ...trafficSplit('a', 'web', {}), spec: { service: 'web' } })).not.toEqual([]);
  expect(validate(trafficSplit('a', 'web', { web: 1 }))).toEqual([]);
});

/** Profiles belong to the SMI extension, which keeps the ones it made, so they are not compared. */
class Extended extends ObjectWorld {
  override content(): KubeObject[] {
    return super.content().filter(({ kind }) => kind !== 'ServiceProfile');
  }
}

const cases: Record<string, KubeObject[]> = {
  'nothing but the Service': [],
  'a TrafficSplit of other Services': [trafficSplit('other', 'api', { 'api-v1': 1, 'api-v2': 3 })],
  'a ServiceProfile with routes': [
    { ...serviceProfile('web'), spec: { routes: [{ name: 'GET /', condition: { method: 'GET' } }] } },
  ],
  'an HTTPRoute at the edge': [httpRoute('shop', [rule('/', [{ name: 'web', port: 80 }])])],
};

const someRoute = fc.record({
  name: fc.constantFrom('GET /', 'POST /orders'),
  condition: fc.record({
    method: fc.constantFrom('GET', 'POST'),
    pathRegex: fc.constantFrom('/', '/orders/[^/]*'),
  }),
  isRetryable: fc.boolean(),
});

function places(world: World, stable: string, canary: string): Place[] {
  return world
    .list('TrafficSplit')
    .filter((split) => getString(split, 'spec', 'service') === stable)
    .map((split) => {
      const share = (wanted: (service: string) => boolean) =>
        getObjects(split, 'spec', 'backends')
          .filter((each) => wanted(getString(each, 'service') ?? ''))
          .reduce((sum, each) => sum + (getNumber(each, 'weight') ?? NaN), 0);
      return {
        id: split.metadata.name,
        stable: share((name) => name === stable),
        canary: share((name) => name === canary),
        other: share((name) => name !== stable && name !== canary),
        // If there is only one leaf, Linkerd ignores its weight.
        lists: getObjects(split, 'spec', 'backends').some(({ service }) => service === stable),
      };
    });
}

const editOurs = (change: (world: World, split: KubeObject) => void) => (world: World) => {
  for (const split of world.list('TrafficSplit')) {
    if (split.metadata.labels?.['app.kubernetes.io/managed-by'] === 'sluice') change(world, split);
  }
};
const setWeights = (weights: JsonObject[]) =>
  editOurs((world, split) => world.put({ ...split, spec: { ...split.spec, backends: weights } }));

const edits: ForeignEdit[] = [
  {
    name: 'deletes the TrafficSplit',
    edit: editOurs((world, { metadata }) => world.remove('TrafficSplit', metadata.name)),
  },
  { name: 'changes its weights', edit: setWeights([{ service: 'web', weight: 1 }]) },
  {
    name: 'writes Quantities',
    edit: setWeights([
      { service: 'web', weight: '500m' },
      { service: 'web-canary', weight: '500m' },
    ]),
  },
  {
    name: 'adds a leaf',
    edit: editOurs((world, split) => {
      const backends = [...getObjects(split, 'spec', 'backends'), { service: 'third', weight: 9 }];
      world.put({ ...split, spec: { ...split.spec, backends } });
    }),
  },
  {
    name: 'changes its apex',
    edit: editOurs((world, split) => world.put({ ...split, spec: { ...split.spec, service: 'other' } })),
  },
  {
    name: 'makes a TrafficSplit of other Services',
    edit: (world) => world.put(trafficSplit('new', 'api', { 'api-v1': 1 })),
  },
];

describeProvider(linkerd, {
  world: (objects) => new Extended(objects),
  cases,
  ladders: [LADDERS.fractions, LADDERS.switch],
  generated: fc
    .record({
      leaves: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'api'), fc.integer({ min: 0, max: 20_000 }), {
        maxKeys: 3,
      }),
      routes: fc.array(someRoute, { maxLength: 2 }),
      ours: fc.boolean(),
    })
    .map(({ leaves, routes, ours }) => {
      // A TrafficSplit of ours has left this: it was deleted while the extension was down.
      const web = serviceProfile('web', ours ? { web: 100, 'web-canary': 0 } : {});
      return [
        trafficSplit('other', 'api', leaves),
        serviceProfile('api', leaves),
        { ...web, spec: { ...web.spec, ...(routes.length === 0 ? {} : { routes }) } },
      ];
    }),
  shared: [serviceProfile('third', { third: 1 })],
  places,
  edits,
  /** Like the SMI extension: makes a profile for every TrafficSplit. */
  acknowledge: (world) => {
    for (const split of world.list('TrafficSplit')) {
      const apex = getString(split, 'spec', 'service') ?? '';
      const weights = getObjects(split, 'spec', 'backends').map(({ service, weight }) => [service, weight]);
      const told = serviceProfile(apex, Object.fromEntries(weights) as Record<string, number>);
      const before = world
        .list('ServiceProfile')
        .find(({ metadata }) => metadata.name === told.metadata.name);
      world.put({ ...told, spec: { ...before?.spec, ...told.spec } });
    }
  },
  validate: (object) => checks.flatMap((validate) => validate(object)),
});
