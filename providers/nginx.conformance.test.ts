import fc from 'fast-check';
import { getObjects, getString } from '../api/json.ts';
import type { JsonObject, KubeObject } from '../api/kube.ts';
import { ObjectWorld } from '../test/support/apply-writes.ts';
import { ingress, ingressPath } from '../test/support/routes.ts';
import { describeProvider, type ForeignEdit, type Place, type World } from './conformance.ts';
import { nginx } from './nginx.ts';

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
        fc.constantFrom('', 'a.example.com', '*.example.com'),
        fc.array(somePath, { maxLength: 4 }),
      ),
      className: fc.constantFrom<JsonObject>({}, { ingressClassName: 'other' }),
    })
    .map(({ hosts, className }) =>
      ingress(name, { ...hosts, [`${name}.example.com`]: [ingressPath('/', 'web')] }, { spec: className }),
    );

interface Backend {
  key: string;
  service: string;
}

function backends(object: KubeObject): Backend[] {
  return getObjects(object, 'spec', 'rules').flatMap((each) =>
    getObjects(each, 'http', 'paths').map((path) => ({
      key: [getString(each, 'host') ?? '_', getString(path, 'path') ?? '', getString(path, 'pathType')].join(
        ' ',
      ),
      service: getString(path, 'backend', 'service', 'name') ?? '',
    })),
  );
}

const annotation = (object: KubeObject, name: string) =>
  object.metadata.annotations?.[`nginx.ingress.kubernetes.io/${name}`];
const classOf = (object: KubeObject) =>
  getString(object, 'spec', 'ingressClassName') ??
  object.metadata.annotations?.['kubernetes.io/ingress.class'];

/** As the controller merges: one canary path without a main path of the same place stops that whole canary. */
function places(world: World, stable: string, canary: string): Place[] {
  const all = world.list('Ingress');
  const mains = all.filter((object) => annotation(object, 'canary') !== 'true');
  const canaries = all.filter((object) => annotation(object, 'canary') === 'true');
  return mains.flatMap((main) =>
    firstOfEach(backends(main))
      .filter(({ service }) => service === stable)
      .map(({ key }): Place => {
        // The controller reads an empty main path as "/".
        const place = key.replace(/  /, ' / ');
        const known = new Set(firstOfEach(backends(main)).map((each) => each.key.replace(/  /, ' / ')));
        const active = canaries.find(
          (object) =>
            classOf(object) === classOf(main) &&
            backends(object).every((each) => known.has(each.key)) &&
            backends(object).some((each) => each.key === place && each.service === canary),
        );
        const weight = active === undefined ? 0 : Number(annotation(active, 'canary-weight'));
        return { id: `${main.metadata.name} ${place}`, stable: 100 - weight, canary: weight, other: 0 };
      }),
  );
}

function firstOfEach(list: Backend[]): Backend[] {
  return list.filter((each, i) => list.findIndex((other) => norm(other.key) === norm(each.key)) === i);
}
const norm = (key: string) => key.replace(/  /, ' / ');

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
    name: 'adds a path to the canary Ingress',
    edit: editCanaries(addPath(ingressPath('/', 'web-canary'))),
  },
];

describeProvider(nginx, {
  world: (objects) => new ObjectWorld(objects),
  cases,
  generated: fc.tuple(someIngress('shop'), someIngress('more')).map((objects) => objects),
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
