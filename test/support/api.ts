import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { KubeObject, Resource } from '../../api/kube.ts';
import { FIELD_MANAGER } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import type { Transport } from '../../kube/types.ts';
import type { ApiServer } from '../../playground/apiserver/contract.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { inProcessTransport } from './in-process.ts';
import type { Clock } from '../../lib/clock.ts';

const CRDS = join(import.meta.dirname, '../../manifests/crds');

export interface TestApi {
  server: ApiServer;
  transport: Transport;
  client: KubeClient;
  /** installs HTTPRoute, with an open schema */
  installHttpRoutes(): Promise<void>;
}

/**
 * The embedded API server with Sluice's kinds and the given namespaces, and a client for it, all in this
 * process.
 */
export async function startApi(clock: Clock, ...namespaces: string[]): Promise<TestApi> {
  const server = createApiServer({ clock, random: seeded(1) });
  const transport = inProcessTransport(server);
  const resources: Resource[] = Object.values(RESOURCES);
  const client = new KubeClient({
    transport,
    clock,
    fieldManager: FIELD_MANAGER,
    resources: [...resources, CRD, NAMESPACE],
  });
  for (const file of readdirSync(CRDS)) {
    await client.create(parse(readFileSync(join(CRDS, file), 'utf8')) as KubeObject);
  }
  for (const name of namespaces) {
    await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  return {
    server,
    transport,
    client,
    async installHttpRoutes() {
      await client.create(HTTP_ROUTES);
    },
  };
}

const CRD: Resource = {
  group: 'apiextensions.k8s.io',
  version: 'v1',
  plural: 'customresourcedefinitions',
  kind: 'CustomResourceDefinition',
  namespaced: false,
};

const NAMESPACE: Resource = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
};

const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
export const HTTP_ROUTES: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: 'httproutes.gateway.networking.k8s.io',
    annotations: { 'api-approved.kubernetes.io': 'https://github.com/kubernetes-sigs/gateway-api/pull/1' },
  },
  spec: {
    group: 'gateway.networking.k8s.io',
    names: { kind: 'HTTPRoute', plural: 'httproutes', singular: 'httproute', listKind: 'HTTPRouteList' },
    scope: 'Namespaced',
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: open, status: open } } },
      },
    ],
  },
};

/** A small generator of numbers in [0, 1) that gives the same sequence each time. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
