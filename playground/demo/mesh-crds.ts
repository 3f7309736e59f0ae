import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { crd } from './gateway-api-crds.ts';

const OPEN: JsonObject = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const TEXT: JsonObject = { type: 'string' };
const listOf = (items: JsonObject): JsonObject => ({ type: 'array', items });
const struct = (properties: JsonObject, required: string[] = []): JsonObject => ({
  type: 'object',
  properties,
  ...(required.length === 0 ? {} : { required }),
});

/**
 * The kinds of Istio, Linkerd and Contour with the fields that Sluice reads and writes: the rest of an object
 * is kept as it is. A real cluster gets those of these projects.
 */
export function meshCrds(): KubeObject[] {
  return [virtualServices(), trafficSplits(), serviceProfiles(), httpProxies()];
}

function virtualServices(): KubeObject {
  const port = struct({ number: { type: 'integer' } });
  const destination = struct({ host: TEXT, subset: TEXT, port }, ['host']);
  const weighted = {
    ...OPEN,
    ...struct({ destination, weight: { type: 'integer' } }, ['destination']),
  };
  const route = { ...OPEN, properties: { route: listOf(weighted) } };
  const spec = struct({
    hosts: listOf(TEXT),
    gateways: listOf(TEXT),
    exportTo: listOf(TEXT),
    http: listOf({ ...route, properties: { name: TEXT, route: listOf(weighted) } }),
    tls: listOf(route),
    tcp: listOf(route),
  });
  return crd({
    group: 'networking.istio.io',
    kind: 'VirtualService',
    versions: ['v1', 'v1beta1'].map((name) => ({ name, spec })),
  });
}

function trafficSplits(): KubeObject {
  const spec = (weight: JsonObject): JsonObject =>
    struct({ service: TEXT, backends: listOf(struct({ service: TEXT, weight }, ['service', 'weight'])) }, [
      'service',
      'backends',
    ]);
  return crd({
    group: 'split.smi-spec.io',
    kind: 'TrafficSplit',
    versions: [
      { name: 'v1alpha1', spec: spec({ 'x-kubernetes-int-or-string': true }) },
      { name: 'v1alpha2', spec: spec({ type: 'number' }) },
    ],
  });
}

function serviceProfiles(): KubeObject {
  const override = struct({ authority: TEXT, weight: { 'x-kubernetes-int-or-string': true } }, ['weight']);
  const spec = struct({ routes: listOf(OPEN), dstOverrides: listOf(override) });
  return crd({ group: 'linkerd.io', kind: 'ServiceProfile', versions: [{ name: 'v1alpha2', spec }] });
}

function httpProxies(): KubeObject {
  const port = { type: 'integer' };
  const service = {
    ...OPEN,
    ...struct({ name: TEXT, port, weight: { type: 'integer', minimum: 0 } }, ['name', 'port']),
  };
  const route = { ...OPEN, properties: { services: listOf(service) } };
  const spec = { ...OPEN, properties: { routes: listOf(route) } };
  return crd({
    group: 'projectcontour.io',
    kind: 'HTTPProxy',
    plural: 'httpproxies',
    versions: [{ name: 'v1', spec }],
  });
}
