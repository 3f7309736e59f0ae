import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import type { KubeObject } from '../../../api/kube.ts';

/** Where the API server is; plain HTTP on loopback. */
export interface ApiAccess {
  server: string;
  token?: string;
}

interface Kubeconfig {
  clusters?: { cluster: { server: string } }[];
  users?: { user?: { token?: string } }[];
}

/** Reads the first cluster and the first user of a kubeconfig (the one `sluice demo` prints). */
export function readAccess(kubeconfig: string): ApiAccess {
  const config = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const server = config.clusters?.[0]?.cluster.server;
  if (server === undefined) throw new Error(`${kubeconfig}: clusters[0].cluster.server is missing`);
  const token = config.users?.[0]?.user?.token;
  return token === undefined ? { server } : { server, token };
}

export class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ObjectList {
  metadata: { resourceVersion: string };
  items: KubeObject[];
}

export type PatchType = 'merge' | 'json' | 'strategic-merge' | 'apply';

const PATCH_TYPES: Record<PatchType, string> = {
  merge: 'application/merge-patch+json',
  json: 'application/json-patch+json',
  'strategic-merge': 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The few calls that the data plane and the demo make; raw JSON in both directions. */
export class ApiClient {
  private readonly access: ApiAccess;

  constructor(access: ApiAccess) {
    this.access = access;
  }

  /** Throws ApiError with the HTTP code and the server's message. */
  async get<T = KubeObject>(path: string): Promise<T> {
    return (await (await this.send('GET', path)).json()) as T;
  }

  async create(path: string, object: object): Promise<KubeObject> {
    const response = await this.send('POST', path, { type: 'application/json', body: object });
    return (await response.json()) as KubeObject;
  }

  async patch(path: string, type: PatchType, body: object): Promise<KubeObject> {
    const response = await this.send('PATCH', path, { type: PATCH_TYPES[type], body });
    return (await response.json()) as KubeObject;
  }

  async delete(path: string): Promise<void> {
    await (await this.send('DELETE', path)).arrayBuffer();
  }

  /** Lines of a watch as they arrive; ends when the server ends it. */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await this.send('GET', path, undefined, signal);
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of response.body ?? []) {
      const parts = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      yield* parts.filter((line) => line !== '');
    }
  }

  private async send(
    method: string,
    path: string,
    content?: { type: string; body: object },
    signal?: AbortSignal,
  ): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json', 'user-agent': 'playground' };
    if (this.access.token !== undefined) headers['authorization'] = `Bearer ${this.access.token}`;
    if (content !== undefined) headers['content-type'] = content.type;
    const response = await exchange(this.access.server + path, {
      method,
      headers,
      ...(content === undefined ? {} : { body: JSON.stringify(content.body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.ok) return response;
    const text = await response.text();
    throw new ApiError(response.status, `${method} ${path}: ${response.status} ${messageIn(text)}`);
  }
}

const ATTEMPTS = 5;
const AGAIN_MS = 500;
/** Codes of undici for a connection that was not made: the server has seen nothing of the request. */
const UNSENT = new Set(['UND_ERR_CONNECT_TIMEOUT']);
/** `fetch` says of every failure of the network only "fetch failed". */
const causeOf = (error: unknown): { code?: string; message: string } =>
  ((error as Error).cause ?? error) as { code?: string; message: string };

/**
 * On a busy machine a server may accept late, or close a connection at the moment it is used again: what changes nothing is
 * tried again, and so is what was not sent. A server that refuses the connection is down.
 */
async function exchange(url: string, init: RequestInit & { method: string }): Promise<Response> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await fetch(url, init);
    } catch (error) {
      if (init.signal?.aborted === true) throw error;
      const { code = '', message } = causeOf(error);
      const again = UNSENT.has(code) || (init.method === 'GET' && code !== 'ECONNREFUSED');
      if (!again || attempt === ATTEMPTS)
        throw new Error(`${init.method} ${url}: ${message}`, { cause: error });
      await sleep(AGAIN_MS);
    }
  }
}

function messageIn(text: string): string {
  try {
    const status = JSON.parse(text) as { message?: string };
    return status.message ?? text;
  } catch {
    return text;
  }
}

interface WatchLine {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: KubeObject;
}

const RETRY_MS = 500;

export interface MirrorOptions {
  client: ApiClient;
  /** collection, e.g. "/api/v1/services" */
  path: string;
  onChange: (event: { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: KubeObject } | 'listed') => void;
}

/** Keeps a copy of one collection by list and watch, and never gives up, whatever the server does. */
export class Mirror {
  private readonly options: MirrorOptions;
  private readonly stopper = new AbortController();
  private objects = new Map<string, KubeObject>();

  constructor(options: MirrorOptions) {
    this.options = options;
    void this.run();
  }

  all(): KubeObject[] {
    return [...this.objects.values()];
  }

  get(namespace: string, name: string): KubeObject | undefined {
    return this.objects.get(`${namespace}/${name}`);
  }

  /** Stores the answer of a write before the watch delivers it. */
  remember(object: KubeObject): void {
    const key = keyOf(object);
    const known = this.objects.get(key)?.metadata.resourceVersion ?? '0';
    if (Number(object.metadata.resourceVersion) > Number(known)) this.objects.set(key, object);
  }

  stop(): void {
    this.stopper.abort();
  }

  private stopped(): boolean {
    return this.stopper.signal.aborted;
  }

  private async run(): Promise<void> {
    while (!this.stopped()) {
      try {
        await this.watch(await this.list());
      } catch {
        // a refused connection, a 404 while the CRD is missing, a broken stream: after each of these it lists
        // again
      }
      if (!this.stopped()) await sleep(RETRY_MS);
    }
  }

  private async list(): Promise<string> {
    const list = await this.options.client.get<ObjectList>(this.options.path);
    this.objects = new Map(list.items.map((object) => [keyOf(object), object]));
    this.options.onChange('listed');
    return list.metadata.resourceVersion;
  }

  /** Watches from a version on, reconnecting as long as watches end regularly; returns when a new list is needed. */
  private async watch(from: string): Promise<void> {
    let version = from;
    while (!this.stopped()) {
      const path = `${this.options.path}?watch=true&allowWatchBookmarks=true&resourceVersion=${version}`;
      for await (const line of this.options.client.lines(path, this.stopper.signal)) {
        const event = JSON.parse(line) as WatchLine;
        if (event.type === 'ERROR') return;
        version = event.object.metadata.resourceVersion ?? version;
        if (event.type !== 'BOOKMARK') this.take(event.type, event.object);
      }
    }
  }

  private take(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: KubeObject): void {
    if (type === 'DELETED') this.objects.delete(keyOf(object));
    else this.objects.set(keyOf(object), object);
    this.options.onChange({ type, object });
  }
}

function keyOf(object: KubeObject): string {
  return `${object.metadata.namespace ?? ''}/${object.metadata.name}`;
}

/** Path of a collection or object, e.g. `pathOf('apps/v1', 'deployments', 'shop', 'shop')`. */
export function pathOf(apiVersion: string, plural: string, namespace?: string, name?: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = namespace === undefined ? '' : `/namespaces/${namespace}`;
  return `${root}${scope}/${plural}${name === undefined ? '' : `/${name}`}`;
}
