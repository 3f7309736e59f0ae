import { Ajv } from 'ajv';
import { cloneJson, getObject, getObjects, getString } from '../../../lib/json.ts';
import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { Causes } from '../../../playground/apiserver/errors.ts';
import { applyDefaults } from '../../../playground/apiserver/crd/structural.ts';
import { validateCustom } from '../../../playground/apiserver/crd/validate.ts';
import { crd } from '../../../playground/demo/gateway-api-crds.ts';
import { httpProxySpec } from './contour.ts';
import { grpcRouteSpec, httpRouteSpec } from './gateway-api.ts';
import { destinationRuleSpec, virtualServiceSpec } from './istio.ts';
import { list, object, text } from './words.ts';

/**
 * Kinds of other projects, as far as tests need them: structure, defaults, limits and rules, written from
 * their reference pages. They contain the fields that may surround those that Sluice knows, and the defaults
 * of an API server.
 */
export type ForeignKind =
  'HTTPProxy' | 'HTTPRoute' | 'GRPCRoute' | 'VirtualService' | 'DestinationRule' | 'TrafficSplit';

const APPROVED = { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api' };
const GATEWAY_API = { group: 'gateway.networking.k8s.io', annotations: APPROVED };
const ISTIO = 'networking.istio.io';

const splitSpec = (weight: JsonObject): JsonObject =>
  object({ service: text(), backends: list(object({ service: text(), weight }, ['service', 'weight'])) }, [
    'service',
    'backends',
  ]);

const KINDS: Record<ForeignKind, KubeObject> = {
  HTTPRoute: crd({ ...GATEWAY_API, kind: 'HTTPRoute', versions: [{ name: 'v1', spec: httpRouteSpec }] }),
  GRPCRoute: crd({ ...GATEWAY_API, kind: 'GRPCRoute', versions: [{ name: 'v1', spec: grpcRouteSpec }] }),
  VirtualService: crd({
    group: ISTIO,
    kind: 'VirtualService',
    versions: ['v1', 'v1beta1'].map((name) => ({ name, spec: virtualServiceSpec })),
  }),
  DestinationRule: crd({
    group: ISTIO,
    kind: 'DestinationRule',
    versions: [{ name: 'v1', spec: destinationRuleSpec }],
  }),
  HTTPProxy: crd({
    group: 'projectcontour.io',
    kind: 'HTTPProxy',
    versions: [{ name: 'v1', spec: httpProxySpec }],
  }),
  TrafficSplit: crd({
    group: 'split.smi-spec.io',
    kind: 'TrafficSplit',
    versions: [
      { name: 'v1alpha1', spec: splitSpec({ 'x-kubernetes-int-or-string': true }) },
      { name: 'v1alpha2', spec: splitSpec({ type: 'number' }) },
    ],
  }),
};

/** Its CustomResourceDefinition. */
export const foreignCrd = (kind: ForeignKind): KubeObject => KINDS[kind];

/** The OpenAPI schema of one of its versions. */
export function foreignSchema(kind: ForeignKind, version: string): JsonObject {
  const versions = getObjects(foreignCrd(kind), 'spec', 'versions');
  const named = versions.find((each) => getString(each, 'name') === version);
  const schema = getObject(named, 'schema', 'openAPIV3Schema');
  if (schema === undefined) throw new Error(`${kind} has no version ${version}`);
  return schema;
}

/**
 * Finds what an API server complains about in an object, by that schema and its CEL rules: [] if nothing. Ajv
 * checks alternatives (`oneOf`), because the playground's server does not.
 */
export function foreignCheck(kind: ForeignKind, version: string): (checked: KubeObject) => string[] {
  const schema = foreignSchema(kind, version);
  const fits = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  const judge = (spec: JsonObject): string[] => [
    ...(fits({ spec }) ? [] : (fits.errors ?? [])).map((e) => `${e.instancePath} ${e.message ?? ''}`),
    ...faultsOf(schema, { spec }),
  ];
  // The same few states are checked many thousand times.
  const known = new Map<string, string[]>();
  return ({ spec = {} }) => {
    const content = JSON.stringify(spec);
    const faults = known.get(content) ?? judge(spec);
    known.set(content, faults);
    return faults;
  };
}

/** The complaints of the playground's API server about a value, after it has filled in the defaults. */
export function faultsOf(schema: JsonObject, value: JsonObject): string[] {
  const filled = cloneJson(value);
  applyDefaults(schema, filled);
  const causes = new Causes();
  validateCustom(schema, filled, undefined, causes);
  return causes.all.map(({ field, message }) => `${field}: ${message}`);
}
