/** A cluster as people have it before Sluice, and the programs that people start. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KubeObject, ObjectRef } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { INSTALLED_KINDS } from '../../cli/install/kinds.ts';
import { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { isConflict } from '../../kube/errors.ts';
import { getArray, getObject } from '../../lib/json.ts';
import { realClock } from '../../playground/apiserver/clock.ts';
import { CONTROLLER } from '../../playground/apiserver/http/users.ts';
import { writeKubeconfig } from '../../playground/apiserver/kubeconfig.ts';
import { listen } from '../../playground/apiserver/listen.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';
import { HTTP_ROUTES } from './api.ts';
import { inProcessTransport } from './in-process.ts';

const PROGRAM = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const CONTROLLER_TOKEN = 'controller';

export interface Ended {
  code: number | null;
  out: string;
  error: string;
}

/** The embedded API server without Sluice, with a gateway that confirms every route, and a Prometheus. */
export class EmptyCluster {
  readonly client: KubeClient;
  readonly prometheus: string;
  readonly #kubeconfig: { user: string; controller: string };
  readonly #end: (() => void | Promise<void>)[];

  private constructor(
    client: KubeClient,
    parts: { prometheus: string; user: string; controller: string; end: (() => void | Promise<void>)[] },
  ) {
    this.client = client;
    this.prometheus = parts.prometheus;
    this.#kubeconfig = parts;
    this.#end = parts.end;
  }

  static async start(): Promise<EmptyCluster> {
    const users = { [CONTROLLER_TOKEN]: CONTROLLER };
    const server = createApiServer({ clock: realClock, users });
    const workloads = startWorkloads({
      store: server.store,
      clock: realClock,
      runtime: fakeRuntime(realClock),
    });
    const listening = await listen(server, 0);
    const metrics = await startPrometheus();
    const client = new KubeClient({
      ...{ transport: inProcessTransport(server), clock: systemClock, fieldManager: 'kubectl' },
      resources: [...Object.values(RESOURCES), ...INSTALLED_KINDS],
    });
    await client.create(HTTP_ROUTES);
    const stop = new AbortController();
    const confirming = confirmRoutes(client, stop.signal);
    const files = [
      writeKubeconfig(listening.url, undefined),
      writeKubeconfig(listening.url, CONTROLLER_TOKEN),
    ];
    const [user = '', controller = ''] = files;
    const end = [
      () => stop.abort(),
      () => confirming,
      () => workloads.stop(),
      () => server.close(),
      () => listening.close(),
      () => void metrics.close(),
      () => files.forEach((file) => rmSync(dirname(file), { recursive: true })),
    ];
    const { port } = metrics.address() as AddressInfo;
    return new EmptyCluster(client, { prometheus: `http://127.0.0.1:${port}`, user, controller, end });
  }

  async stop(): Promise<void> {
    for (const end of this.#end) await end();
  }

  /** Runs `sluice` as an administrator. */
  async sluice(...args: string[]): Promise<Ended> {
    const child = spawn(process.execPath, [PROGRAM, ...args, '--kubeconfig', this.#kubeconfig.user]);
    const ended: Ended = { code: null, out: '', error: '' };
    child.stdout.on('data', (chunk: Buffer) => (ended.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (ended.error += chunk.toString()));
    [ended.code] = (await once(child, 'close')) as [number | null];
    return ended;
  }

  /**
   * The controller as a local process, with the name of its service account. Like a pod it is started again when it
   * ends by itself: it does where a busy machine lets its Lease run out.
   */
  controller(): { end: (signal: NodeJS.Signals) => Promise<void> } {
    const flags = ['--prometheus', this.prometheus, '--scrape-lag', '0s', '--min-interval', '1s'];
    const where = ['--kubeconfig', this.#kubeconfig.controller, '--metrics-port', '0'];
    const running = { wanted: true, child: undefined as ChildProcess | undefined };
    const start = (): void => {
      running.child = spawn(process.execPath, [PROGRAM, 'controller', ...where, ...flags], {
        stdio: 'ignore',
      });
      running.child.once('close', () => {
        if (running.wanted) start();
      });
    };
    const end = async (signal: NodeJS.Signals): Promise<void> => {
      running.wanted = false;
      if (running.child?.exitCode !== null || !running.child.kill(signal)) return;
      await once(running.child, 'close');
    };
    start();
    this.#end.unshift(() => end('SIGKILL'));
    return { end };
  }

  async apply(...objects: KubeObject[]): Promise<void> {
    for (const object of objects) await this.client.create(object);
  }

  /** What the user wrote, and nothing that servers and their controllers write. */
  async written(...refs: ObjectRef[]): Promise<string[]> {
    return Promise.all(refs.map(async (ref) => JSON.stringify(ofUser(await this.client.get(ref)))));
  }
}

/**
 * An object without what a user does not write: status, and of the metadata what the server counts and keeps
 * (resourceVersion, generation, managedFields) and the revision that the Deployment controller notes.
 */
function ofUser(object: KubeObject | undefined): unknown {
  if (object === undefined) return undefined;
  const { metadata } = object;
  const annotations = { ...metadata.annotations };
  delete annotations['deployment.kubernetes.io/revision'];
  const servers = { resourceVersion: undefined, generation: undefined, managedFields: undefined };
  return { ...object, status: undefined, metadata: { ...metadata, ...servers, annotations } };
}

/** Answers every query with 0.1, now. */
async function startPrometheus(): Promise<Server> {
  const server = createServer((_request, response) => {
    const result = [{ metric: {}, value: [Date.now() / 1000, '0.1'] }];
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

/** What a gateway writes when it has taken a route over. */
async function confirmRoutes(client: KubeClient, signal: AbortSignal): Promise<void> {
  const { resourceVersion } = await client.list(RESOURCES.httpRoutes);
  try {
    for await (const event of client.watch(RESOURCES.httpRoutes, { resourceVersion, signal }))
      if (event.type === 'ADDED' || event.type === 'MODIFIED') await confirm(client, event.object);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

async function confirm(client: KubeClient, { metadata, spec, status }: KubeObject): Promise<void> {
  const { generation = 0, namespace = '', name } = metadata;
  const shown = getObject(getArray(status, 'parents', 0, 'conditions')?.[0]);
  if (shown?.['observedGeneration'] === generation) return;
  const conditions = ['Accepted', 'ResolvedRefs'].map((type) => ({
    ...{ type, status: 'True', reason: type, message: '', observedGeneration: generation },
    lastTransitionTime: new Date().toISOString(),
  }));
  const parents = (getArray(spec, 'parentRefs') ?? []).map((parentRef) => ({
    ...{ parentRef, controllerName: 'istio.io/gateway-controller', conditions },
  }));
  const ref = { resource: RESOURCES.httpRoutes, namespace, name };
  try {
    await client.mergePatch(ref, { status: { parents } }, { subresource: 'status' });
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
}
