import type { JsonPatchOp, KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { Write } from '../../api/writes.ts';

/** A destination of a route; without `more` it has neither weight nor port. */
export const destination = (host: string, more: JsonObject = {}): JsonObject => ({
  destination: { host },
  ...more,
});

/** An http route for one path prefix. */
export const httpTo = (prefix: string, destinations: JsonObject[], more: JsonObject = {}): JsonObject => ({
  match: [{ uri: { prefix } }],
  route: destinations,
  ...more,
});

/** A VirtualService of namespace shop for gateway "public"; `spec` adds to its fields, or replaces them. */
export const virtualService = (name: string, http: JsonObject[], spec: JsonObject = {}): KubeObject => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name, namespace: 'shop' },
  spec: {
    hosts: ['shop.example.com'],
    gateways: ['public'],
    ...(http.length === 0 ? {} : { http }),
    ...spec,
  },
});

/** The patch of the only write of a plan. */
export function patchOf(writes: readonly Write[]): readonly JsonPatchOp[] {
  const [write, ...more] = writes;
  if (write?.verb !== 'jsonPatch' || more.length > 0)
    throw new Error(`not one JSON Patch: ${JSON.stringify(writes)}`);
  return write.patch;
}
