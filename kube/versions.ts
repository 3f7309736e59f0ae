import type { Resource } from '../api/kube.ts';
import { apiVersionOf } from '../api/resources.ts';
import type { KubeRequest, KubeResponse, Transport } from './types.ts';

/**
 * A transport for servers that have some kinds only in another version. Everything above names `version`; requests are
 * rewritten to the version that the last list of the kind found served, tried in the order of `otherVersions`. If the
 * server has none of them, the answer is the 404 of the last one tried. Only for versions that have the same shape.
 */
export function servedVersions(transport: Transport, resources: readonly Resource[]): Transport {
  const kinds = resources.filter(({ otherVersions }) => otherVersions !== undefined);
  const served = new Map<Resource, string>();
  const find = async (kind: Resource, request: KubeRequest): Promise<KubeResponse> => {
    let response = await transport.request(request);
    for (const version of [kind.version, ...(kind.otherVersions ?? [])]) {
      if (version !== kind.version) {
        await response.text();
        response = await transport.request(asServed(request, kind, version));
      }
      if (response.status === 404) continue;
      served.set(kind, version);
      break;
    }
    return response;
  };
  return {
    request: async (request) => {
      const kind = kinds.find((each) => isAbout(request, each));
      if (kind === undefined) return await transport.request(request);
      if (isList(request, kind)) return await find(kind, request);
      return await transport.request(asServed(request, kind, served.get(kind) ?? kind.version));
    },
  };
}

const rootOf = (kind: Resource): string => `/apis/${apiVersionOf(kind)}/`;

const segments = ({ url }: KubeRequest): string[] => (url.split('?')[0] ?? '').split('/');

const isAbout = (request: KubeRequest, kind: Resource): boolean =>
  request.url.startsWith(rootOf(kind)) && segments(request).includes(kind.plural);

/** A page of a list, not a watch: 404 then means that the version is not served. */
const isList = (request: KubeRequest, kind: Resource): boolean =>
  request.method === 'GET' &&
  segments(request).at(-1) === kind.plural &&
  !/[?&]watch=true(&|$)/.test(request.url);

function asServed(request: KubeRequest, kind: Resource, version: string): KubeRequest {
  if (version === kind.version) return request;
  const other = { ...kind, version };
  const url = rootOf(other) + request.url.slice(rootOf(kind).length);
  const { body } = request;
  if (body === undefined) return { ...request, url };
  const named = (resource: Resource): string => `"apiVersion":"${apiVersionOf(resource)}"`;
  return { ...request, url, body: body.replace(named(kind), named(other)) };
}
