import fc from 'fast-check';
import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { Backends } from '../../playground/dataplane/proxy/backends.ts';
import { goesToCanary } from '../../playground/dataplane/routing/ingress-balancer.ts';
import { IngressUpstreams, type Location } from '../../playground/dataplane/routing/ingress-upstreams.ts';
import { request, service, slice } from '../../test/support/dataplane-objects.ts';
import { ObjectWorld } from '../../test/support/apply-writes.ts';
import { aged, percentBelow } from '../../test/support/ingress-nginx.ts';
import { ingress, ingressPath } from '../../test/support/routes.ts';
import { at, describeProvider, LADDERS } from '../conformance/suite.ts';
import type { ForeignEdit, Headers, Ladder, Place, World } from '../conformance/suite.ts';
import { nginx } from './nginx.ts';
import { OFF } from '../provider.ts';
import type { Split } from '../provider.ts';

const matched = (weight: number): Split => ({ ...at(weight), matching: true });

const cases: Record<string, KubeObject[]> = {
  'one path': [ingress('shop', { 'shop.example.com': [ingressPath('/', 'web')] })],
  'no host, an empty path, a named port': [
    ingress('shop', {
      '': [ingressPath('', 'web', { port: { name: 'http' }, pathType: 'ImplementationSpecific' })],
    }),
  ],
  'other Services around it, two hosts, every path type': [
    ingress('shop', {
      'a.example.com': [
        ingressPath('/x', 'x'),
        ingressPath('/', 'web'),
        ingressPath('/', 'web', { pathType: 'Exact' }),
      ],
      'b.example.com': [ingressPath('/b', 'web', { port: { number: 81 } }), ingressPath('/c', 'c')],
    }),
  ],
  'one place twice, the first for another Service': [
    ingress('shop', {
      'a.example.com': [ingressPath('/', 'x'), ingressPath('/', 'web'), ingressPath('/w', 'web')],
    }),
  ],
  'a class by annotation, and annotations that belong to it alone': [
    ingress(
      'shop',
      { 'a.example.com': [ingressPath('/', 'web')] },
      {
        metadata: {
          name: 'shop',
          annotations: {
            'kubernetes.io/ingress.class': 'nginx-internal',
            'nginx.ingress.kubernetes.io/service-upstream': 'true',
            'cert-manager.io/cluster-issuer': 'ca',
          },
        },
        spec: { tls: [{ hosts: ['a.example.com'], secretName: 'a' }] },
      },
    ),
  ],
  'two Ingresses, one by port name and one by number': [
    ingress('shop', { 'a.example.com': [ingressPath('/', 'web', { port: { name: 'http' } })] }),
    ingress('more', { 'b.example.com': [ingressPath('/', 'web')] }),
  ],
};

const somePath = fc
  .record({
    path: fc.constantFrom('', '/', '/a', '/b'),
    pathType: fc.constantFrom('Prefix', 'Exact', 'ImplementationSpecific'),
    service: fc.constantFrom('web', 'web', 'other'),
    port: fc.constantFrom<JsonObject>({ number: 80 }, { name: 'http' }, { number: 81 }),
  })
  .map(({ path, service, ...options }) => ingressPath(path, service, options));
const someIngress = (name: string) =>
  fc
    .record({
      hosts: fc.dictionary(
        // Two Ingresses never share a host: a place that is in both would be refused.
        fc.constantFrom(`a.${name}.example.com`, `*.${name}.example.com`, ...(name === 'shop' ? [''] : [])),
        fc.array(somePath, { maxLength: 4 }),
      ),
      className: fc.constantFrom<JsonObject>({}, { ingressClassName: 'other' }),
    })
    .map(({ hosts, className }) =>
      ingress(name, { ...hosts, [`${name}.example.com`]: [ingressPath('/', 'web')] }, { spec: className }),
    );

const annotation = (object: KubeObject, name: string) =>
  object.metadata.annotations?.[`nginx.ingress.kubernetes.io/${name}`];
const classOf = (object: KubeObject) =>
  getString(object, 'spec', 'ingressClassName') ??
  object.metadata.annotations?.['kubernetes.io/ingress.class'] ??
  '';

/** Every Service has one ready pod, behind port 80 (http) and 81. */
function podsOf(objects: readonly KubeObject[]): Backends {
  const paths = objects
    .flatMap((object) => getObjects(object, 'spec', 'rules'))
    .flatMap((rule) => getObjects(rule, 'http', 'paths'));
  const names = [...new Set(paths.map((path) => getString(path, 'backend', 'service', 'name') ?? ''))];
  const ports = [
    { name: 'http', port: 80 },
    { name: 'more', port: 81 },
  ];
  const services = names.map((name) => ({ ...service(name), spec: { ports } }));
  const slices = names.map((name) => ({ ...slice(name, ['10.0.0.1']), ports }));
  return new Backends(services, slices);
}

/** As the playground's controllers of all classes route, one controller for each class. */
function places(world: World, stable: string, canary: string, headers: Headers = {}): Place[] {
  const all = aged(world.list('Ingress'));
  return [...new Set(all.map(classOf))].flatMap((name) => {
    const upstreams = new IngressUpstreams(
      all.filter((object) => classOf(object) === name),
      podsOf(all),
    );
    return upstreams.locations
      .filter((location) => location.service === stable)
      .map((location) => placeAt(upstreams, location, { canary, headers }));
  });
}

function placeAt(
  upstreams: IngressUpstreams,
  location: Location,
  { canary, headers }: { canary: string; headers: Headers },
): Place {
  const main = upstreams.get(location.upstream);
  const alternative = upstreams.get(main?.alternatives[0] ?? '');
  const taken = (random: number) =>
    main !== undefined &&
    alternative !== undefined &&
    goesToCanary({ stable: main, canary: alternative }, request('/', { headers }), () => random);
  const share = Math.round(100 * percentBelow(taken));
  const isOurs = alternative?.id.startsWith(`shop-${canary}-`) === true;
  return {
    id: [location.ingress.metadata.name, location.host, location.path, location.pathType].join(' '),
    stable: 10_000 - share,
    canary: isOurs ? share : 0,
    other: isOurs ? 0 : share,
  };
}

const isCanary = (object: KubeObject) => annotation(object, 'canary') === 'true';
const editMains = (change: (object: KubeObject) => KubeObject) => (world: World) => {
  for (const object of world.list('Ingress')) if (!isCanary(object)) world.put(change(object));
};
const editCanaries = (change: (object: KubeObject) => KubeObject) => (world: World) => {
  for (const object of world.list('Ingress')) if (isCanary(object)) world.put(change(object));
};
const addPath = (path: JsonObject) => (object: KubeObject) => {
  const rules = [
    ...getObjects(object, 'spec', 'rules'),
    { host: 'new.example.com', http: { paths: [path] } },
  ];
  return { ...object, spec: { ...object.spec, rules } };
};

const edits: ForeignEdit[] = [
  {
    name: 'annotates the Ingress',
    edit: editMains((object) => ({
      ...object,
      metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, team: 'a' } },
    })),
  },
  { name: 'adds a path for another Service', edit: editMains(addPath(ingressPath('/new', 'new'))) },
  { name: 'adds a path for the Service', edit: editMains(addPath(ingressPath('/new', 'web'))) },
  {
    name: 'moves it to another class',
    edit: editMains((object) => ({ ...object, spec: { ...object.spec, ingressClassName: 'nginx-2' } })),
  },
  { name: 'deletes the Ingress', edit: (world) => world.remove('Ingress', 'shop') },
  {
    name: 'deletes the canary Ingress',
    edit: (world) =>
      world
        .list('Ingress')
        .filter(isCanary)
        .forEach(({ metadata }) => world.remove('Ingress', metadata.name)),
  },
  {
    name: 'changes the weight of the canary Ingress',
    edit: editCanaries((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        annotations: { ...object.metadata.annotations, 'nginx.ingress.kubernetes.io/canary-weight': '99' },
      },
    })),
  },
  {
    name: 'adds a rule to the canary Ingress that sends everybody there',
    edit: editCanaries((object) => ({
      ...object,
      metadata: {
        ...object.metadata,
        annotations: {
          ...object.metadata.annotations,
          'nginx.ingress.kubernetes.io/canary-by-header': 'X-Other',
          'nginx.ingress.kubernetes.io/canary-by-header-pattern': '.',
        },
      },
    })),
  },
  {
    name: 'adds a path to the canary Ingress',
    edit: editCanaries(addPath(ingressPath('/', 'web-canary'))),
  },
];

const REGEX_AND_COOKIE: Ladder = {
  name: 'a header by a regular expression, and the only value a cookie may have',
  wants: {
    total: 10_000,
    match: {
      headers: [{ name: 'X-Version', value: 'v[0-9]+', regex: true }],
      cookies: [{ name: 'beta.1', value: 'always' }],
    },
  },
  samples: { 'X-Version': 'v12' },
  splits: [matched(0), matched(12.34), at(50), OFF],
};

describeProvider(nginx, {
  world: (objects) => new ObjectWorld(objects),
  cases,
  roomy: Object.fromEntries(Object.entries(cases).filter(([name]) => /two/.test(name))),
  ladders: [LADDERS.fractions, LADDERS.switch, LADDERS.header, REGEX_AND_COOKIE],
  generated: fc.tuple(someIngress('shop'), someIngress('more')),
  shared: [
    ingress('shop', {
      'shop.example.com': [
        ingressPath('/', 'web'),
        ingressPath('/api', 'api'),
        ingressPath('/api/v2', 'api'),
      ],
    }),
  ],
  places,
  edits,
  acknowledge: () => undefined,
  validate: () => [],
});
