import { VirtualClock } from '../virtual-clock.ts';
import type { ApiRequest, ApiResponse, ApiServer } from '../../../playground/apiserver/contract.ts';
import { get } from '../../../playground/apiserver/json.ts';
import type { Json, JsonObject } from '../../../playground/apiserver/json.ts';
import { createApiServer } from '../../../playground/apiserver/server.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: JsonObject;
}

export const PATCH = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** A server on a virtual clock, and the few requests that tests send to it. */
export class TestClient {
  readonly clock = new VirtualClock();
  readonly server: ApiServer;
  /** sent with every request, e.g. `impersonate-user` */
  headers: Record<string, string> = {};

  constructor(token?: string, faults = false) {
    let seed = 1;
    const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
    this.server = createApiServer({
      clock: this.clock,
      random,
      faults,
      ...(token === undefined ? {} : { token }),
    });
  }

  raw(
    method: ApiRequest['method'],
    url: string,
    body = '',
    headers: Record<string, string> = {},
  ): Promise<ApiResponse> {
    return this.server.handle({
      method,
      url,
      body,
      headers: { 'user-agent': 'tester/1', ...this.headers, ...headers },
    });
  }

  async send(
    method: ApiRequest['method'],
    url: string,
    body?: Json,
    type = 'application/json',
  ): Promise<Answer> {
    const text = body === undefined ? '' : JSON.stringify(body);
    const response = await this.raw(method, url, text, body === undefined ? {} : { 'content-type': type });
    const parsed = typeof response.body === 'string' && response.body.startsWith('{') ? response.body : '{}';
    return { status: response.status, headers: response.headers, body: JSON.parse(parsed) as JsonObject };
  }

  get = (url: string): Promise<Answer> => this.send('GET', url);
  post = (url: string, body: Json): Promise<Answer> => this.send('POST', url, body);
  put = (url: string, body: Json): Promise<Answer> => this.send('PUT', url, body);
  delete = (url: string, body?: Json): Promise<Answer> => this.send('DELETE', url, body);
  patch = (url: string, type: keyof typeof PATCH, body: Json): Promise<Answer> =>
    this.send('PATCH', url, body, PATCH[type]);
  apply = (url: string, manager: string, body: Json, query = ''): Promise<Answer> =>
    this.send('PATCH', `${url}?fieldManager=${manager}${query}`, body, PATCH.apply);

  /** Opens a watch; `read` returns the events that have arrived. */
  async watch(url: string): Promise<{ read(): JsonObject[]; ended(): boolean; close(): void }> {
    const response = await this.raw('GET', url);
    if (typeof response.body === 'string') throw new Error(`no watch: ${response.body}`);
    const events: JsonObject[] = [];
    let ended = false;
    const chunks = response.body[Symbol.asyncIterator]();
    const pump = async (): Promise<void> => {
      for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
        const lines = next.value.split('\n').filter((line) => line !== '');
        events.push(...lines.map((line) => JSON.parse(line) as JsonObject));
      }
      ended = true;
    };
    void pump();
    return { read: () => events, ended: () => ended, close: () => void chunks.return?.() };
  }
}

export const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';
export const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
export const PODS = '/api/v1/namespaces/default/pods';
export const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

export const configMap = (
  name: string,
  data: Record<string, string> = {},
  meta: JsonObject = {},
): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...meta },
  data,
});

export const deployment = (name: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'app', image: 'shop:1' }] },
    },
    ...spec,
  },
});

/** A definition of widgets.example.com with this schema for `spec`. */
export const widgets = (spec: JsonObject, version: JsonObject = {}): JsonObject => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec } } },
        ...version,
      },
    ],
  },
});
export const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets';
export const widget = (name: string, spec: JsonObject): JsonObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
});

/** Fields of the causes of a refusal. */
export const causeFields = (answer: Answer): Json[] => {
  const causes = get(answer.body, 'details', 'causes');
  return Array.isArray(causes) ? causes.map((cause) => get(cause, 'field') ?? null) : [];
};

export const version = (answer: Answer): number => Number(get(answer.body, 'metadata', 'resourceVersion'));
