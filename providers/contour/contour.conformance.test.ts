import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, getNumber, getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { fromCrd } from '../../test/support/crd-arbitrary.ts';
import { foreignCheck } from '../../test/support/kinds/index.ts';
import { describeProvider, LADDERS, type ForeignEdit, type Place, type World } from '../conformance/suite.ts';
import { contour } from './contour.ts';

const validate = foreignCheck('HTTPProxy', 'v1');

const service = (name: string, more: JsonObject = {}): JsonObject => ({ name, port: 80, ...more });
const route = (prefix: string, services: JsonObject[], more: JsonObject = {}): JsonObject => ({
  conditions: [{ prefix }],
  services,
  ...more,
});
const proxy = (name: string, routes: JsonObject[], more: JsonObject = {}): KubeObject => ({
  apiVersion: 'projectcontour.io/v1',
  kind: 'HTTPProxy',
  metadata: { name, namespace: 'shop' },
  spec: { virtualhost: { fqdn: 'shop.example.com' }, routes, ...more },
});

test('the schema finds a wrong HTTPProxy wrong', () => {
  expect(validate(proxy('shop', [route('/', [service('web', { weight: -1 })])]))).not.toEqual([]);
  expect(validate(proxy('shop', [route('/', [service('web')])]))).toEqual([]);
});

const cases: Record<string, KubeObject[]> = {
  'one service without a weight': [proxy('shop', [route('/', [service('web')])])],
  'one service with weight 0, which gets everything all the same': [
    proxy('shop', [route('/', [service('web', { weight: 0 })])]),
  ],
  'two ports without weights, which share alike': [
    proxy('shop', [route('/', [service('web'), service('web', { port: 81 })])]),
  ],
  'weights 1 and 100, and a sum that is no multiple of 100': [
    proxy('shop', [
      route('/', [service('web', { weight: 1 })]),
      route('/a', [service('web', { weight: 100 })]),
      route('/b', [service('web', { weight: 150 })]),
    ]),
  ],
  'two ports, one of them without a weight, which gets nothing': [
    proxy('shop', [route('/', [service('web', { weight: 3 }), service('web', { port: 81 })])]),
  ],
  'routes of other Services around it, one of them with a copy': [
    proxy('shop', [
      route('/x', [service('x'), service('audit', { mirror: true })]),
      route('/', [service('web', { protocol: 'h2c' })], { timeoutPolicy: { response: '3s' } }),
      { conditions: [{ prefix: '/old' }], requestRedirectPolicy: { scheme: 'https' } },
    ]),
  ],
  'two routes alike, without conditions, and an include': [
    proxy('shop', [{ services: [service('web')] }, { services: [service('web')] }], {
      includes: [{ name: 'blog', namespace: 'blog', conditions: [{ prefix: '/blog' }] }],
    }),
  ],
  'a root, and one that it includes': [
    proxy('shop', [route('/', [service('web')])], { includes: [{ name: 'part' }] }),
    {
      ...proxy('part', []),
      spec: { routes: [route('/part', [service('web', { weight: 5 })], { permitInsecure: true })] },
    },
  ],
};

const weight = fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined });
/** Everything a route may contain besides its services: conditions, timeouts, headers, rewrites. */
const around = fromCrd(
  { kind: 'HTTPProxy', version: 'v1', path: ['properties', 'spec', 'properties', 'routes', 'items'] },
  ['services', 'loadBalancerPolicy', 'requestRedirectPolicy', 'directResponsePolicy'],
);
const someRoute = fc
  .record({ rest: around, web: fc.array(weight, { minLength: 0, maxLength: 3 }) })
  .map(({ rest, web }): JsonObject => {
    const services = web.map((w, i) =>
      service('web', { port: 80 + i, ...(w === undefined ? {} : { weight: w }) }),
    );
    return { ...rest, services: services.length === 0 ? [service('other'), service('another')] : services };
  });
const someProxy = (name: string) =>
  fc
    .array(someRoute, { maxLength: 4 })
    .map((routes) => proxy(name, [...routes, route('/last', [service('web')])]));

/**
 * As Contour turns services into clusters: if none has a weight, all weigh the same. Independent of the code
 * under test.
 */
function placesOf(object: KubeObject, { stable, canary }: { stable: string; canary: string }): Place[] {
  return getObjects(object, 'spec', 'routes').flatMap((each, i): Place[] => {
    const services = getObjects(each, 'services').filter(({ mirror }) => mirror !== true);
    if (!services.some(({ name }) => name === stable || name === canary)) return [];
    const given = services.map((one) => getNumber(one, 'weight') ?? 0);
    const weights = given.every((one) => one === 0) ? given.map(() => 1) : given;
    const sum = (name: string) =>
      weights.filter((_, k) => getString(services[k], 'name') === name).reduce((a, b) => a + b, 0);
    const [toStable, toCanary] = [sum(stable), sum(canary)];
    const other = weights.reduce((a, b) => a + b, 0) - toStable - toCanary;
    const lists = services.some(({ name }) => name === stable);
    return [{ id: `${object.metadata.name} ${i}`, stable: toStable, canary: toCanary, other, lists }];
  });
}

const editRoutes = (change: (routes: JsonObject[]) => JsonObject[]) => (world: World) => {
  for (const object of world.list('HTTPProxy')) {
    const next = cloneJson(object);
    world.put({ ...next, spec: { ...next.spec, routes: change(getObjects(next, 'spec', 'routes')) } });
  }
};

const edits: ForeignEdit[] = [
  {
    name: 'labels the HTTPProxy',
    edit: (world) => {
      for (const each of world.list('HTTPProxy'))
        world.put({ ...each, metadata: { ...each.metadata, labels: { team: 'a' } } });
    },
  },
  { name: 'inserts a route in front', edit: editRoutes((all) => [route('/new', [service('new')]), ...all]) },
  {
    name: 'adds a route for the same Service',
    edit: editRoutes((all) => [route('/new', [service('web')]), ...all]),
  },
  { name: 'puts the last route first', edit: editRoutes((all) => [...all.slice(-1), ...all.slice(0, -1)]) },
  {
    name: 'removes the first of several routes',
    edit: editRoutes((all) => (all.length > 1 ? all.slice(1) : all)),
  },
  {
    name: 'sets timeouts',
    edit: editRoutes((all) => all.map((each) => ({ ...each, timeoutPolicy: { response: '9s' } }))),
  },
  { name: 'puts it back as it was', edit: (world, initial) => initial.forEach((each) => world.put(each)) },
  { name: 'deletes it', edit: (world) => world.remove('HTTPProxy', 'shop') },
];

/** The condition that Contour writes, for the object's current generation. */
function valid(object: KubeObject): KubeObject {
  const { generation = 1 } = object.metadata;
  const condition = { type: 'Valid', status: 'True', observedGeneration: generation, reason: 'Valid' };
  return { ...object, status: { currentStatus: 'valid', conditions: [condition] } };
}

describeProvider(contour, {
  world: (objects) => new ObjectWorld(objects),
  cases,
  generated: fc.tuple(someProxy('shop'), someProxy('more')).map((proxies) => proxies),
  shared: [
    proxy('shop', [
      route('/', [service('web')]),
      route('/api', [service('api', { weight: 30 })]),
      route('/api/v2', [service('api')]),
    ]),
  ],
  places: (world, stable, canary) =>
    world.list('HTTPProxy').flatMap((each) => placesOf(each, { stable, canary })),
  ladders: [LADDERS.fractions, LADDERS.switch],
  edits,
  acknowledge: (world) => {
    for (const each of world.list('HTTPProxy')) world.put(valid(each));
  },
  validate,
});
