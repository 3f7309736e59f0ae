import type { KubeObject } from '../../../api/kube.ts';
import type { JsonObject } from '../../../lib/json.ts';
import { systemClock } from '../../../kube/clock.ts';
import { listen } from '../../../playground/apiserver/listen.ts';
import { createApiServer } from '../../../playground/apiserver/server.ts';
import { Gateway } from '../../../playground/dataplane/proxy/gateway.ts';
import { seeded } from '../../../lib/random.ts';
import { gatewayApiCrds } from '../../../playground/demo/gateway-api-crds.ts';
import { eventually } from '../eventually.ts';
import { backend, httpRoute, rule } from '../routes.ts';
import { Arm } from './backends.ts';
import { send, type Load } from './clients.ts';
import type { Plane } from './plane.ts';

const GATEWAY_API = 'gateway.networking.k8s.io/v1';
const PLURALS: Record<string, string> = {
  CustomResourceDefinition: 'customresourcedefinitions',
  Namespace: 'namespaces',
  Service: 'services',
  EndpointSlice: 'endpointslices',
  Gateway: 'gateways',
  HTTPRoute: 'httproutes',
  GRPCRoute: 'grpcroutes',
};
const SERVICES = ['web', 'web-canary'];

/** The playground's data plane with its own API server; the Gateway `public` has Envoy Gateway's class. */
export async function playgroundPlane(): Promise<Plane> {
  const api = await listen(createApiServer({ clock: systemClock, random: seeded(1) }), 0);
  const apply = (object: KubeObject) => applied(api.url, object);
  for (const object of [...gatewayApiCrds(), NAMESPACE]) await apply(object);
  await eventually(() => apply(EDGE));
  const probe = new Arm('probe');
  for (const object of [service('probe'), slice('probe', [await probe.listen()])]) await apply(object);
  const gateway = new Gateway({ access: { server: api.url }, random: seeded(2), propagationMs: 10 });
  const { routes: port, metrics } = await gateway.listen();
  let version = 0;
  return {
    port,
    metrics: { port: metrics, path: '/metrics' },
    follow: async (routes, { endpoints }) => {
      for (const name of SERVICES) await apply(slice(name, endpoints[name] ?? []));
      for (const name of SERVICES) await apply(service(name));
      for (const route of routes) await apply(bare(route));
      const seen = String(++version);
      await apply(probeRoute(seen));
      await eventually(async () => {
        const [answer] = await send(1, { port, path: '/probe' });
        if (answer?.headers['x-probe'] !== seen) throw new Error('the data plane has not followed yet');
      });
    },
    call: async (count, load) => {
      const seen = await send(count, { port, ...asCall(load) });
      return seen.map(({ headers }) => Number(headers['grpc-status']));
    },
    close: async () => {
      gateway.close();
      await Promise.all([api.close(), probe.close()]);
    },
  };
}

/** The playground speaks only HTTP/1.1, where the headers contain the status of a call. */
const asCall = ({ path = '/shop.Cart/Add', headers }: Omit<Load, 'port'>): Omit<Load, 'port'> => ({
  path,
  method: 'POST',
  headers: (i) => ({ 'content-type': 'application/grpc', ...headers?.(i) }),
});

async function applied(server: string, object: KubeObject): Promise<void> {
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
  const within = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  const url = `${server}/${root}${within}/${PLURALS[kind] ?? ''}/${metadata.name}?fieldManager=test&force=true`;
  const headers = { 'content-type': 'application/apply-patch+yaml' };
  const answer = await fetch(url, { method: 'PATCH', headers, body: JSON.stringify(object) });
  if (!answer.ok) throw new Error(`${kind} ${metadata.name}: ${answer.status} ${await answer.text()}`);
}

/** The route as a user would write it. */
const bare = ({
  apiVersion,
  kind,
  metadata: { name, namespace = '' },
  spec = {},
}: KubeObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace },
  spec,
});

const object = (apiVersion: string, kind: string, name: string, more: JsonObject): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, namespace: 'shop' },
  ...more,
});

const NAMESPACE: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };

const EDGE = object(GATEWAY_API, 'Gateway', 'public', {
  spec: { gatewayClassName: 'eg', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
});

const service = (name: string): KubeObject =>
  object('v1', 'Service', name, { spec: { ports: [{ name: 'http', port: 80 }] } });

/** One endpoint, which is ready if there is a port: a slice has one port for all its addresses. */
function slice(of: string, [port]: readonly number[]): KubeObject {
  const endpoints = [{ addresses: ['127.0.0.1'], conditions: { ready: port !== undefined } }];
  const { metadata, ...rest } = object('discovery.k8s.io/v1', 'EndpointSlice', of, {
    addressType: 'IPv4',
    ports: [{ name: 'http', port: port ?? 1, protocol: 'TCP' }],
    endpoints,
  });
  return { ...rest, metadata: { ...metadata, labels: { 'kubernetes.io/service-name': of } } };
}

const probeRoute = (seen: string): KubeObject => {
  const set = [{ name: 'x-probe', value: seen }];
  const filters = [{ type: 'ResponseHeaderModifier', responseHeaderModifier: { set } }];
  return bare(httpRoute('probe', [rule('/probe', [backend('probe')], { filters })]));
};
