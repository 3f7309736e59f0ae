import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cloneJson,
  equalJson,
  getNumber,
  getObject,
  getObjects,
  getString,
  isObject,
} from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { fromCrd } from '../../test/support/crd-arbitrary.ts';
import { foreignCheck } from '../../test/support/kinds/index.ts';
import { destination, httpTo, virtualService } from '../../test/support/istio.ts';
import {
  describeProvider,
  LADDERS,
  type ForeignEdit,
  type Headers,
  type Place,
  type World,
} from '../conformance/suite.ts';
import { istio } from './istio.ts';

/** With the schemas of both versions. */
const checks = ['v1', 'v1beta1'].map((version) => foreignCheck('VirtualService', version));

test.each(checks)('the schema finds a wrong VirtualService wrong', (validate) => {
  const weighted = (weight: number | string) =>
    virtualService('shop', [httpTo('/', [destination('web', { weight })])]);
  expect(validate(weighted('1'))).not.toEqual([]);
  expect(validate(weighted(1))).toEqual([]);
});

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
  'routes that match by headers, or by anything, and one that nothing reaches': [
    virtualService('shop', [
      {
        match: [
          { uri: { prefix: '/a' }, headers: { 'x-b': { exact: 'b' } } },
          { uri: { prefix: '/b' }, withoutHeaders: { 'X-Group': {} } },
        ],
        route: [destination('web')],
      },
      { route: [destination('web', { headers: { response: { add: { 'X-A': 'yes' } } } })] },
      httpTo('/never', [destination('web')], { mirrors: [{ destination: { host: 'audit' } }] }),
    ]),
  ],
  'a redirect, a delegate, empty lists, and mirrors by the list': [
    virtualService('shop', [
      { name: 'old', match: [{ uri: { exact: '/old' } }], redirect: { uri: '/' } },
      httpTo('/', [destination('web')], {
        mirrors: [{ destination: { host: 'audit' }, percentage: { value: 12.5 } }],
        fault: { delay: { percentage: { value: 1 }, fixedDelay: '1s' } },
        corsPolicy: { allowOrigins: [{ exact: 'https://example.com' }] },
      }),
      httpTo('/e', [destination('web')], { mirrors: [] }),
      { match: [{ uri: { prefix: '/d' } }], delegate: { name: 'elsewhere', namespace: 'shop' } },
    ]),
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

/** Objects with room for more than weights, each for another reason. */
const roomy = Object.fromEntries(
  Object.entries(cases).filter(([name]) => !/^(tls|mirrors|one destination|a VirtualService of)/.test(name)),
);

const weight = fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined });
const IN_ROUTE = {
  kind: 'VirtualService',
  version: 'v1',
  path: ['properties', 'spec', 'properties', 'http', 'items'],
} as const;
const IN_DESTINATION = { ...IN_ROUTE, path: [...IN_ROUTE.path, 'properties', 'route', 'items'] };
const someDestination = fc
  .record({
    full: fc.boolean(),
    subset: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    weight,
    headers: fc.option(fromCrd(IN_DESTINATION, ['destination', 'weight']), { nil: {} }),
  })
  .map(({ full, subset: name, weight: w, headers }): JsonObject => ({
    ...headers,
    destination: { host: full ? FQDN : 'web', ...(name === undefined ? {} : { subset: name }) },
    ...(w === undefined ? {} : { weight: w }),
  }));
/** Everything an http route may contain besides destinations: matches, faults, mirrors, retries, CORS … */
const around = fromCrd(IN_ROUTE, ['name', 'route', 'redirect', 'directResponse', 'delegate']);
const someRoute = fc
  .record({
    name: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    prefixes: fc.uniqueArray(fc.constantFrom('/', '/a', '/b'), { maxLength: 2 }),
    timeout: fc.boolean(),
    around,
    web: fc.array(someDestination, { maxLength: 3 }),
  })
  .map(({ name, prefixes, timeout, around: rest, web }): JsonObject => {
    // istiod refuses several destinations if none has a weight.
    const dead = web.length !== 1 && web.every((each) => (each['weight'] ?? 0) === 0);
    return {
      ...(name === undefined ? {} : { name }),
      ...(prefixes.length === 0 ? {} : { match: prefixes.map((prefix) => ({ uri: { prefix } })) }),
      ...(timeout ? { timeout: '3s' } : {}),
      ...rest,
      route: dead ? [destination('x'), destination('y', { weight: 1 })] : web,
    };
  });
const someTcp = weight.map((w): JsonObject => ({
  match: [{ port: 5432 }],
  route: [destination('web', w === undefined ? {} : { weight: w })],
}));
const someVirtualService = (name: string) =>
  fc
    .record({ http: fc.array(someRoute, { maxLength: 5 }), tcp: fc.array(someTcp, { maxLength: 2 }) })
    .map(({ http, tcp }) =>
      virtualService(name, [...http, httpTo('/last', [destination('web')])], tcp.length === 0 ? {} : { tcp }),
    );

const isOurs = (object: KubeObject) => object.metadata.labels?.['app.kubernetes.io/managed-by'] === 'sluice';

/** A VirtualService without hosts, and one of another Service's that delegates to it. */
const someDelegate = fc
  .record({ http: fc.array(someRoute, { minLength: 1, maxLength: 2 }), above: around })
  .map(({ http, above }) => [
    { ...virtualService('inner', []), spec: { http } },
    virtualService('outer', [
      httpTo('/other', [destination('other')]),
      { ...above, delegate: { name: 'inner' } },
    ]),
  ]);

/** Here the user has no routes that ask for the conditions of the ladders' matches. */
const isExtra = (route: JsonObject) =>
  getObjects(route, 'match').some((entry) =>
    Object.keys(getObject(entry, 'headers') ?? {}).some((name) => /^(x-group|x-version|cookie)$/i.test(name)),
  );

const hostIn = (to: JsonObject) =>
  (getString(to, 'destination', 'host') ?? '').replace('.shop.svc.cluster.local', '');

/** Does the header fit, compared as Envoy compares it? */
function fits(asked: JsonObject, value: string | undefined): boolean {
  if (value === undefined) return false;
  const [exact, prefix, regex] = ['exact', 'prefix', 'regex'].map((key) => getString(asked, key));
  if (exact !== undefined) return value === exact;
  if (prefix !== undefined) return value.startsWith(prefix);
  return regex === undefined || regex === '*' || new RegExp(`^(?:${regex})$`).test(value);
}

/**
 * Does the route `own`, which stands before a route, take a request that fits one of its entries and also has
 * these headers?
 */
function takes(own: JsonObject, route: JsonObject, headers: Headers): boolean {
  const entries = getObjects(route, 'match');
  return getObjects(own, 'match').some((entry) =>
    (entries.length === 0 ? [{}] : entries).some((base: JsonObject) => {
      const asked = Object.entries(getObject(base, 'headers') ?? {});
      const more = Object.entries(getObject(entry, 'headers') ?? {}).filter(
        ([name, is]) => !asked.some(([other, was]) => other === name && equalJson(was, is)),
      );
      return (
        equalJson({ ...entry, headers: null }, { ...base, headers: null }) &&
        more.every(([name, is]) => isObject(is) && fits(is, headers[name]))
      );
    }),
  );
}

/** The routes of a list, each with the routes of Sluice that stand directly before it. */
function grouped(routes: JsonObject[]): { route: JsonObject; own: JsonObject[] }[] {
  let own: JsonObject[] = [];
  return routes.flatMap((route) => {
    if (isExtra(route)) {
      own.push(route);
      return [];
    }
    const group = { route, own };
    own = [];
    return [group];
  });
}

/**
 * As a proxy splits requests: a single destination gets all; otherwise a destination without a weight gets
 * nothing.
 */
function placeOf(
  id: string,
  serving: JsonObject,
  { stable, canary }: { stable: string; canary: string },
): Place[] {
  const list = getObjects(serving, 'route').map((each) => ({
    service: hostIn(each),
    weight: getNumber(each, 'weight') ?? 0,
    cookie: getString(each, 'headers', 'response', 'add', 'Set-Cookie'),
  }));
  const only = list.length === 1 && list[0]?.weight === 0;
  const share = (wanted: (service: string) => boolean) =>
    list.filter(({ service }) => wanted(service)).reduce((sum, each) => sum + (only ? 100 : each.weight), 0);
  if (!list.some(({ service }) => service === stable || service === canary)) return [];
  const cookie = list.find((each) => each.service === canary && each.weight > 0)?.cookie;
  const mirrors = getObjects(serving, 'mirrors').filter((each) => hostIn(each) === canary);
  return [
    {
      id,
      stable: share((name) => name === stable),
      canary: share((name) => name === canary),
      other: share((name) => name !== stable && name !== canary),
      lists: list.some(({ service }) => service === stable),
      mirror: mirrors.reduce((sum, each) => sum + (getNumber(each, 'percentage', 'value') ?? 100), 0),
      ...(cookie === undefined ? {} : { setCookie: cookie }),
    },
  ];
}

function places(world: World, stable: string, canary: string, headers: Headers = {}): Place[] {
  return world.list('VirtualService').flatMap((object) =>
    ['http', 'tls', 'tcp'].flatMap((protocol) =>
      grouped(getObjects(object, 'spec', protocol)).flatMap(({ route, own }, i): Place[] => {
        const id = `${object.metadata.name}#${protocol}#${i}`;
        const serving = own.find((each) => takes(each, route, headers)) ?? route;
        const astray = own.filter(
          (each) => placeOf(id, each, { stable, canary }).length > 0 && !relates(each, route),
        );
        return [
          ...placeOf(id, serving, { stable, canary }),
          ...astray.map(() => ({ id: `${id} astray`, stable: 0, canary: 1, other: 0 })),
        ];
      }),
    ),
  );
}

/** Was it made from this route? If not, it takes requests from unrelated routes. */
const relates = (own: JsonObject, route: JsonObject) =>
  getObjects(own, 'match').every((entry) =>
    [{}, ...getObjects(route, 'match')].some((base: JsonObject) =>
      equalJson({ ...entry, headers: null }, { ...base, headers: null }),
    ),
  );

const editUsers = (change: (object: KubeObject) => KubeObject) => (world: World) => {
  for (const object of world.list('VirtualService')) {
    if (!isOurs(object)) world.put(change(cloneJson(object)));
  }
};
/** Changes the user's routes; those of Sluice keep their places, before whatever is there then. */
const editHttp = (change: (routes: JsonObject[]) => JsonObject[]) =>
  editUsers((object) => {
    const http = getObjects(object, 'spec', 'http');
    const users = change(http.filter((route) => !isExtra(route)));
    http.forEach((route, i) => {
      if (isExtra(route)) users.splice(i, 0, route);
    });
    return { ...object, spec: { ...object.spec, http: users } };
  });
/** Changes every route, also those of Sluice. */
const editEach = (change: (route: JsonObject) => JsonObject) =>
  editUsers((object) => ({
    ...object,
    spec: { ...object.spec, http: getObjects(object, 'spec', 'http').map(change) },
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
      // Where Sluice made its own VirtualService, the new route would be one that no release knows.
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
  {
    name: 'removes the first of several routes',
    edit: editHttp((routes) => (routes.length > 1 ? routes.slice(1) : routes)),
  },
  { name: 'sets timeouts', edit: editEach((r) => ({ ...r, timeout: '9s' })) },
  {
    name: 'names the routes, by what they match',
    edit: editEach((r) => ({ ...r, name: `r-${getString(r, 'match', 0, 'uri', 'prefix') ?? ''}` })),
  },
  {
    name: 'narrows the matches',
    edit: editEach((r) =>
      r['match'] === undefined
        ? r
        : { ...r, match: getObjects(r, 'match').map((entry) => ({ ...entry, method: { exact: 'GET' } })) },
    ),
  },
  {
    name: 'copies to somewhere else',
    edit: editEach((r) =>
      r['mirror'] !== undefined || r['route'] === undefined
        ? r
        : { ...r, mirrors: [{ destination: { host: 'audit' } }, ...getObjects(r, 'mirrors')] },
    ),
  },
  {
    name: 'takes away what Sluice added in front',
    edit: editUsers((object) => ({
      ...object,
      spec: { ...object.spec, http: getObjects(object, 'spec', 'http').filter((route) => !isExtra(route)) },
    })),
  },
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
  generated: fc
    .tuple(
      someVirtualService('shop'),
      fc.oneof(
        someVirtualService('more').map((one) => [one]),
        someDelegate,
      ),
    )
    .map(([shop, more]) => [shop, ...more]),
  shared: [
    virtualService('shop', [
      httpTo('/', [destination('web')]),
      httpTo('/api', [destination('api', { weight: 30 })]),
      httpTo('/api/v2', [destination('api')], { name: 'v2' }),
    ]),
  ],
  places,
  ladders: Object.values(LADDERS),
  roomy,
  edits,
  acknowledge: () => undefined,
  validate: (object) => checks.flatMap((validate) => validate(object)),
});
