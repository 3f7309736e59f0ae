import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cloneJson, getNumber, getObjects, getString } from '../api/json.ts';
import type { JsonObject, KubeObject } from '../api/kube.ts';
import { ObjectWorld } from '../test/support/apply-writes.ts';
import { fromCrd } from '../test/support/crd-arbitrary.ts';
import { crdSchema } from '../test/support/crd-schema.ts';
import { destination, httpTo, virtualService } from '../test/support/istio.ts';
import { describeProvider, type ForeignEdit, type Place, type World } from './conformance.ts';
import { istio } from './istio.ts';

/** The published schema of both versions, where it is at hand. */
const schemas = ['v1', 'v1beta1'].map((version) => crdSchema('istio-virtualservices.yaml', version));

test.each(schemas.filter(({ absent }) => absent === undefined))(
  'the published schema finds a wrong VirtualService wrong',
  ({ validate }) => {
    const weighted = (weight: number | string) =>
      virtualService('shop', [httpTo('/', [destination('web', { weight })])]);
    expect(validate(weighted('1'))).not.toEqual([]);
    expect(validate(weighted(1))).toEqual([]);
  },
);

const FQDN = 'web.shop.svc.cluster.local';
const subset = (name: string, weight: number) => ({ destination: { host: 'web', subset: name }, weight });
const header = { headers: { response: { add: { 'X-A': 'yes' } } } };

const cases: Record<string, KubeObject[]> = {
  'no VirtualService at all': [],
  'a VirtualService of another Service': [virtualService('other', [httpTo('/', [destination('other')])])],
  'one destination without a weight': [virtualService('shop', [httpTo('/', [destination('web')])])],
  'one destination with weight 0, which gets everything all the same': [
    virtualService('shop', [httpTo('/', [destination('web', { weight: 0 })])]),
  ],
  'two routes of one name, a name, and weights 100 and 3': [
    virtualService('shop', [
      httpTo('/a', [destination('web', { weight: 100 })], { name: 'same' }),
      httpTo('/b', [destination('web', { weight: 3 })], { name: 'same' }),
      httpTo('/', [destination('web')], { name: 'rest' }),
    ]),
  ],
  'a full name with port, subset and headers': [
    virtualService('shop', [
      httpTo('/', [
        { destination: { host: FQDN, port: { number: 80 }, subset: 'v1' }, weight: 7, ...header },
      ]),
    ]),
  ],
  'subsets that share the traffic, one at 0': [
    virtualService('shop', [
      { route: [subset('a', 80), subset('b', 20), { destination: { host: 'web', subset: 'c' } }] },
    ]),
  ],
  'mirrors, retries, a redirect and a delegate around it': [
    virtualService('shop', [
      { name: 'old', match: [{ uri: { exact: '/old' } }], redirect: { uri: '/' } },
      { match: [{ uri: { prefix: '/d' } }], delegate: { name: 'elsewhere', namespace: 'shop' } },
      httpTo('/', [destination('web')], {
        retries: { attempts: 2, perTryTimeout: '1s' },
        mirror: { host: 'audit' },
        mirrorPercentage: { value: 12.5 },
        timeout: '3s',
      }),
      httpTo('/x', [destination('x', { weight: 1 }), destination('y')]),
    ]),
  ],
  'a delegate: neither hosts nor gateways': [
    {
      ...virtualService('elsewhere', []),
      spec: { http: [httpTo('/d', [destination('web')])], exportTo: ['.'] },
    },
  ],
  'tls and tcp routes beside http': [
    virtualService('shop', [httpTo('/', [destination('web')])], {
      tls: [{ match: [{ port: 443, sniHosts: ['a.example.com'] }], route: [destination('web')] }],
      tcp: [{ match: [{ port: 5432 }], route: [destination(FQDN, { weight: 30 })] }],
    }),
  ],
  'two VirtualServices, one of them for the mesh': [
    virtualService('shop', [httpTo('/', [destination('web')])]),
    virtualService('inside', [httpTo('/', [destination(FQDN)])], { hosts: ['web'], gateways: ['mesh'] }),
  ],
};

const weight = fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined });
const someDestination = fc
  .record({ full: fc.boolean(), subset: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), weight })
  .map(({ full, subset: name, weight: w }): JsonObject => ({
    destination: { host: full ? FQDN : 'web', ...(name === undefined ? {} : { subset: name }) },
    ...(w === undefined ? {} : { weight: w }),
  }));
/** Everything an http route may hold beside destinations: matches, faults, mirrors, retries, CORS … */
const around = fromCrd(
  {
    file: 'istio-virtualservices.yaml',
    version: 'v1',
    path: ['properties', 'spec', 'properties', 'http', 'items'],
  },
  ['name', 'route', 'redirect', 'directResponse', 'delegate'],
);
const someRoute = fc
  .record({
    name: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    prefixes: fc.uniqueArray(fc.constantFrom('/', '/a', '/b'), { maxLength: 2 }),
    timeout: fc.boolean(),
    around,
    web: fc.array(someDestination, { maxLength: 3 }),
  })
  .map(({ name, prefixes, timeout, around: rest, web }): JsonObject => {
    // Several destinations without any weight are refused by istiod.
    const dead = web.length !== 1 && web.every((each) => (each['weight'] ?? 0) === 0);
    return {
      ...(name === undefined ? {} : { name }),
      ...(prefixes.length === 0 ? {} : { match: prefixes.map((prefix) => ({ uri: { prefix } })) }),
      ...(timeout ? { timeout: '3s' } : {}),
      ...rest,
      route: dead ? [destination('x'), destination('y', { weight: 1 })] : web,
    };
  });
const someTcp = someDestination.map((each): JsonObject => ({ match: [{ port: 5432 }], route: [each] }));
const someVirtualService = (name: string) =>
  fc
    .record({ http: fc.array(someRoute, { maxLength: 5 }), tcp: fc.array(someTcp, { maxLength: 2 }) })
    .map(({ http, tcp }) =>
      virtualService(name, [...http, httpTo('/last', [destination('web')])], tcp.length === 0 ? {} : { tcp }),
    );

const isOurs = (object: KubeObject) => object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'sluice';

/** As a proxy shares: an only destination gets all, otherwise one without a weight gets nothing. */
function places(world: World, stable: string, canary: string): Place[] {
  return world.list('VirtualService').flatMap((object) =>
    ['http', 'tls', 'tcp'].flatMap((protocol) =>
      getObjects(object, 'spec', protocol).flatMap((route, i): Place[] => {
        const list = getObjects(route, 'route').map((each) => ({
          service: (getString(each, 'destination', 'host') ?? '').replace('.shop.svc.cluster.local', ''),
          weight: getNumber(each, 'weight') ?? 0,
        }));
        const only = list.length === 1 && list[0]?.weight === 0;
        const share = (wanted: (service: string) => boolean) =>
          list
            .filter(({ service }) => wanted(service))
            .reduce((sum, each) => sum + (only ? 100 : each.weight), 0);
        if (!list.some(({ service }) => service === stable || service === canary)) return [];
        const id = `${object.metadata.name}#${protocol}#${i}`;
        const other = share((service) => service !== stable && service !== canary);
        return [
          { id, stable: share((name) => name === stable), canary: share((name) => name === canary), other },
        ];
      }),
    ),
  );
}

const editUsers = (change: (object: KubeObject) => KubeObject) => (world: World) => {
  for (const object of world.list('VirtualService')) {
    if (!isOurs(object)) world.put(change(cloneJson(object)));
  }
};
const editHttp = (change: (routes: JsonObject[]) => JsonObject[]) =>
  editUsers((object) => ({
    ...object,
    spec: { ...object.spec, http: change(getObjects(object, 'spec', 'http')) },
  }));
const removeOurs = (world: World) =>
  world
    .list('VirtualService')
    .filter(isOurs)
    .forEach(({ metadata }) => world.remove('VirtualService', metadata.name));

const edits: ForeignEdit[] = [
  {
    name: 'labels the VirtualService',
    edit: editUsers((object) => ({ ...object, metadata: { ...object.metadata, labels: { team: 'a' } } })),
  },
  {
    name: 'inserts a route in front',
    edit: editHttp((routes) => [httpTo('/new', [destination('new')]), ...routes]),
  },
  {
    name: 'adds a route to the same Service',
    edit: (world) => {
      // Where Sluice made its own, the route would be one that no release is told of.
      for (const object of world.list('VirtualService').filter((each) => istio.names(each, 'web'))) {
        if (isOurs(object)) continue;
        const http = [httpTo('/new', [destination('web')]), ...getObjects(object, 'spec', 'http')];
        world.put({ ...object, spec: { ...object.spec, http } });
      }
    },
  },
  {
    name: 'puts the last route first',
    edit: editHttp((routes) => [...routes.slice(-1), ...routes.slice(0, -1)]),
  },
  { name: 'removes the first route', edit: editHttp((routes) => routes.slice(1)) },
  { name: 'sets timeouts', edit: editHttp((routes) => routes.map((r) => ({ ...r, timeout: '9s' }))) },
  { name: 'names the routes', edit: editHttp((routes) => routes.map((r, i) => ({ ...r, name: `r-${i}` }))) },
  {
    name: 'puts the VirtualService back as it was',
    edit: (world, initial) => initial.forEach((object) => world.put(object)),
  },
  { name: 'deletes the VirtualService', edit: (world) => world.remove('VirtualService', 'shop') },
  { name: 'deletes what Sluice made', edit: removeOurs },
  {
    name: 'changes what Sluice made',
    edit: (world) => {
      for (const object of world.list('VirtualService').filter(isOurs)) {
        world.put({ ...object, spec: { ...object.spec, http: [{ route: [destination('web-canary')] }] } });
      }
    },
  },
];

describeProvider(istio, {
  world: (objects) => new ObjectWorld(objects),
  cases,
  generated: fc.tuple(someVirtualService('shop'), someVirtualService('more')).map((objects) => objects),
  shared: [
    virtualService('shop', [
      httpTo('/', [destination('web')]),
      httpTo('/api', [destination('api', { weight: 30 })]),
      httpTo('/api/v2', [destination('api')], { name: 'v2' }),
    ]),
  ],
  places,
  edits,
  acknowledge: () => undefined,
  validate: (object) => schemas.flatMap(({ validate }) => validate(object)),
});
