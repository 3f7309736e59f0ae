/**
 * `npm run bench:api [-- --json] [--deployments N] [--pods N] [--watchers N] [--changes N]`: how fast the
 * embedded API server is with a cluster of some size, over HTTP on loopback. Client and server share one
 * process, so the numbers are an upper bound of what the server costs.
 */
import { parseArgs } from 'node:util';
import { realClock } from '../../playground/apiserver/clock.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { ApiServer, StoreClient } from '../../playground/apiserver/contract.ts';
import { listen } from '../../playground/apiserver/listen.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';

const NAMESPACES = 50;
const LISTS = 7;

interface Size {
  deployments: number;
  pods: number;
  watchers: number;
  changes: number;
}

type Numbers = Record<string, number>;

const template = (name: string): Record<string, unknown> => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'app', image: 'shop:1', ports: [{ containerPort: 8080 }] }] },
});

function create(store: StoreClient, resource: string, object: unknown): void {
  store.create(resource, object as KubeObject);
}

const namespace = (i: number): string => `bench-${i % NAMESPACES}`;

function fill(store: StoreClient, size: Size): void {
  for (let i = 0; i < NAMESPACES; i++)
    create(store, 'namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace(i) } });
  for (let i = 0; i < size.deployments; i++) {
    const name = `web-${i}`;
    const metadata = { name, namespace: namespace(i), labels: { app: name } };
    const spec = { replicas: 4, selector: { matchLabels: { app: name } }, template: template(name) };
    create(store, 'deployments.apps', { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec });
  }
  for (let i = 0; i < size.pods; i++) {
    const app = `web-${i % size.deployments}`;
    const metadata = { name: `${app}-${i}`, namespace: namespace(i % size.deployments), labels: { app } };
    create(store, 'pods', { apiVersion: 'v1', kind: 'Pod', metadata, spec: template(app)['spec'] });
  }
}

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
const worst = (values: number[]): number => Math.max(...values);

async function timed(act: () => unknown, times = 1): Promise<number[]> {
  const out: number[] = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    await act();
    out.push(performance.now() - start);
  }
  return out;
}

async function read(url: string, accept = 'application/json'): Promise<number> {
  const response = await fetch(url, { headers: { accept } });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return (await response.arrayBuffer()).byteLength;
}

const PARTIAL = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io';

async function lists(base: string, api: ApiServer): Promise<Numbers> {
  const { store } = api;
  const without = (url: string): unknown => api.handle({ method: 'GET', url, headers: {}, body: '' });
  const urls: [string, () => unknown][] = [
    ['list all Deployments', () => read(`${base}/apis/apps/v1/deployments`)],
    ['list all Pods', () => read(`${base}/api/v1/pods`)],
    ['list Pods, metadata only', () => read(`${base}/api/v1/pods`, PARTIAL)],
    ['list Pods of a namespace', () => read(`${base}/api/v1/namespaces/bench-7/pods`)],
    ['list Pods by label', () => read(`${base}/api/v1/pods?labelSelector=app%3Dweb-7`)],
    ['page of 500 Pods', () => read(`${base}/api/v1/pods?limit=500`)],
    ['list all Pods, without the socket', () => without('/api/v1/pods')],
    ['in process: list Pods of a namespace', () => store.list('pods', 'bench-7')],
    ['in process: list all Pods', () => store.list('pods')],
  ];
  const out: Numbers = {};
  for (const [name, act] of urls) {
    const [first = NaN, ...rest] = await timed(act, LISTS);
    out[`${name}: first ms`] = first;
    out[`${name}: median ms`] = median(rest);
    out[`${name}: worst ms`] = worst(rest);
  }
  return out;
}

/** Counts events by their line ends, the least that a client must do to keep up. */
async function openWatch(url: string, seen: { events: number }, signal: AbortSignal): Promise<void> {
  const response = await fetch(url, { signal });
  if (!response.ok || response.body === null) throw new Error(`${url}: ${response.status}`);
  const pump = async (body: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of body) for (const byte of chunk) if (byte === 10) seen.events++;
  };
  pump(response.body).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
}

async function fanOut(base: string, store: StoreClient, size: Size): Promise<Numbers> {
  const seen = { events: 0 };
  const ending = new AbortController();
  const { resourceVersion = '' } = store.get('pods', 'bench-0', 'web-0-0')?.metadata ?? {};
  const url = `${base}/api/v1/pods?watch=true&resourceVersion=`;
  const now = await fetch(`${base}/api/v1/pods?limit=1`).then((r) => r.json() as Promise<KubeObject>);
  const version = now.metadata.resourceVersion ?? resourceVersion;
  for (let i = 0; i < size.watchers; i++) await openWatch(url + version, seen, ending.signal);
  const expected = size.changes * size.watchers;
  const writes: number[] = [];
  const [total = NaN] = await timed(async () => {
    for (let i = 0; i < size.changes; i++) {
      writes.push(...(await timed(() => touch(store, i % size.pods, size))));
      // gives the sockets time, as writes over HTTP would
      if (i % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
    }
    while (seen.events < expected) await new Promise((resolve) => setTimeout(resolve, 5));
  });
  ending.abort();
  return {
    'write with watchers: median ms': median(writes),
    'events delivered': seen.events,
    'fan-out: events per second': (expected / total) * 1000,
    'fan-out: changes per second': (size.changes / total) * 1000,
  };
}

function touch(store: StoreClient, i: number, size: Size): void {
  const app = i % size.deployments;
  const pod = store.get('pods', namespace(app), `web-${app}-${i}`);
  if (!pod) throw new Error(`no pod ${i}`);
  pod.metadata.annotations = { ...pod.metadata.annotations, touched: `${performance.now()}` };
  store.update('pods', pod);
}

const megabytes = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

async function bench(size: Size): Promise<Numbers> {
  const api = createApiServer({ clock: realClock });
  const before = megabytes();
  const [filling = NaN] = await timed(() => fill(api.store, size));
  const stored = megabytes();
  const listening = await listen(api, 0);
  const { url } = listening;
  const listed = await lists(url, api);
  const afterLists = megabytes();
  const watched = await fanOut(url, api.store, size);
  const numbers = {
    'creation: objects per second': ((size.deployments + size.pods) / filling) * 1000,
    ...listed,
    ...watched,
    'heap of the objects: MiB': stored - before,
    'heap after lists: MiB': afterLists - before,
    'heap after watches: MiB': megabytes() - before,
    'resident: MiB': process.memoryUsage().rss / 2 ** 20,
  };
  api.close();
  await listening.close();
  return numbers;
}

function sizeOf(values: Record<string, string | boolean | undefined>): Size {
  const number = (name: string): number => {
    const value = Number(values[name]);
    if (Number.isInteger(value) && value > 0) return value;
    throw new Error(`bench: --${name} ${String(values[name])} is no size; give a whole number above 0`);
  };
  return {
    deployments: number('deployments'),
    pods: number('pods'),
    watchers: number('watchers'),
    changes: number('changes'),
  };
}

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    deployments: { type: 'string', default: '5000' },
    pods: { type: 'string', default: '20000' },
    watchers: { type: 'string', default: '50' },
    changes: { type: 'string', default: '1000' },
  },
});
const size = sizeOf(values);
const numbers = await bench(size);
const rounded = Object.fromEntries(
  Object.entries(numbers).map(([name, value]) => [name, Math.round(value * 10) / 10]),
);
const lines = Object.entries(rounded).map(
  ([name, value]) => `${name.padEnd(48)} ${value.toLocaleString('en').padStart(12)}`,
);
const title = `${size.deployments} Deployments, ${size.pods} Pods, ${size.watchers} watchers, ${size.changes} changes`;
process.stdout.write(
  values.json ? `${JSON.stringify({ size, numbers: rounded })}\n` : `${[title, ...lines].join('\n')}\n`,
);
