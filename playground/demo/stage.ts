import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { programOf, ROOT } from '../../lib/place.ts';
import type { JsonObject } from '../../lib/json.ts';
import { writeKubeconfigTo } from '../apiserver/kubeconfig.ts';
import { ApiClient, ApiError, pathOf, type ObjectList } from '../dataplane/proxy/api-client.ts';
import type { GatewayPorts } from '../dataplane/proxy/gateway.ts';
import { Load } from '../dataplane/load/load.ts';
import {
  PrometheusProxy,
  freePort,
  prometheusCommand,
  prometheusReady,
} from '../dataplane/metrics/prometheus.ts';
import { seeded } from '../../lib/random.ts';
import { Children } from './children.ts';
import type { Death } from './children.ts';
import { gatewayApiCrds } from './gateway-api-crds.ts';
import { meshCrds } from './mesh-crds.ts';
import { APP, appObjects, MARK, NAMESPACE, REPLICAS } from './objects.ts';
import { rulesOf } from './policies.ts';
import type { Tactics } from './tactics.ts';
import { worldOf, type DemoProvider, type World } from './worlds.ts';

export interface StageOptions {
  provider: DemoProvider;
  /** default: only a canary */
  tactics?: Tactics | undefined;
  seed: number;
  requestsPerSecond: number;
  /** how the controller holds changes (default pause); in the other modes the policies it needs are installed */
  hold?: Hold | undefined;
  /** path of the binary */
  prometheus: string;
  /** another source for the controller (a value of --source), and the spec of the template that uses it */
  source?: { endpoint: string; analysis: JsonObject };
  /** called with one line for each component that has started */
  say: (component: string, line: string) => void;
  /** called when a process has died that must run */
  onDeath: (sentence: string) => void;
  /** when this resolves, the stage stops starting */
  ended: Promise<void>;
}

/** The values of the controller's `--hold`. */
export const HOLDS = ['pause', 'admission', 'auto'] as const;
export type Hold = (typeof HOLDS)[number];

/**
 * A small world: API server with workloads, gateway, Prometheus, load, and the real controller in its own
 * process.
 */
export class Stage {
  readonly options: StageOptions;
  readonly directory = mkdtempSync(join(tmpdir(), 'sluice-demo-'));
  readonly kubeconfig = join(this.directory, 'kubeconfig');
  /** the service account that the admission policies exempt */
  private readonly controllerKubeconfig = join(this.directory, 'kubeconfig-controller');
  readonly children: Children;
  private parts:
    | {
        client: ApiClient;
        load: Load;
        prometheus: PrometheusProxy;
        prometheusUrl: string;
        gatewayMetrics: string;
      }
    | undefined;

  private constructor(options: StageOptions) {
    this.options = options;
    this.children = new Children({
      directory: this.directory,
      onDeath: (sentence, death) => this.bury(sentence, death),
    });
  }

  /**
   * Resolves when everything runs: the Deployment serves, the controller has seen it, and load is running.
   */
  static async start(options: StageOptions): Promise<Stage> {
    const stage = new Stage(options);
    const setUp = stage.setUp();
    setUp.catch(() => undefined);
    try {
      const given = options.ended.then(() => Promise.reject(new Error('interrupted')));
      await Promise.race([setUp, given]);
    } catch (error) {
      await stage.stop();
      throw error;
    }
    return stage;
  }

  private get hold(): Hold {
    return this.options.hold ?? 'pause';
  }

  private get world(): World {
    return worldOf(this.options.provider);
  }

  get tactics(): Tactics {
    return this.options.tactics ?? { strategy: 'canary', mirror: false, sticky: false };
  }

  get client(): ApiClient {
    return this.part.client;
  }

  get load(): Load {
    return this.part.load;
  }

  get prometheus(): PrometheusProxy {
    return this.part.prometheus;
  }

  /** The gateway's metrics, as text. */
  get gatewayMetrics(): string {
    return this.part.gatewayMetrics;
  }

  private get part(): NonNullable<Stage['parts']> {
    if (this.parts === undefined) throw new Error('the stage is not set up');
    return this.parts;
  }

  async startController(): Promise<number> {
    const program = [process.execPath, fileURLToPath(programOf('cli')), 'controller'];
    return await this.children.guarded('controller', [
      ...program,
      `--kubeconfig=${this.controllerKubeconfig}`,
      `--prometheus=default=${this.part.prometheusUrl}`,
      ...(this.options.source === undefined ? [] : [`--source=${this.options.source.endpoint}`]),
      `--hold=${this.hold}`,
      '--no-leader-election',
      '--scrape-lag=2s',
      '--min-interval=1s',
      '--metrics-port=0',
    ]);
  }

  /** Only kill -9: the next controller has to deal with what a crash leaves. */
  async killController(): Promise<void> {
    await this.children.kill('controller');
  }

  /** A killed controller is started again, as in a cluster; any other death ends the stage. */
  private bury(sentence: string, { name, killed }: Death): void {
    if (name !== 'controller' || !killed) return this.options.onDeath(sentence);
    this.startController().then(
      (pid) => this.options.say('controller', `was killed and is started again, pid ${pid}`),
      (error: unknown) => this.options.onDeath(String(error)),
    );
  }

  /** Ends everything; with `keepLogs` the directory of the stage is kept, without the data of Prometheus. */
  async stop(keepLogs = false): Promise<void> {
    await this.parts?.load.stop();
    this.parts?.prometheus.close();
    await this.children.stopAll();
    if (keepLogs) return rmSync(join(this.directory, 'prometheus'), { recursive: true, force: true });
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async setUp(): Promise<void> {
    const { say, seed, requestsPerSecond } = this.options;
    const { url, controllerToken } = await this.children.fork<Cluster>('API server', [
      'cluster',
      `--seed=${seed}`,
    ]);
    this.writeKubeconfig(this.kubeconfig, url);
    this.writeKubeconfig(this.controllerKubeconfig, url, controllerToken);
    say('API server', `${new URL(url).origin}, kubectl --kubeconfig ${this.kubeconfig} …`);
    const client = new ApiClient({ server: url });
    await this.applyAll(client);
    const gateway = ['gateway', `--kubeconfig=${this.kubeconfig}`, `--seed=${seed}`];
    const [ports] = await Promise.all([
      this.children.fork<GatewayPorts>('gateway', gateway),
      until('the pods are ready', () => this.available(client)),
    ]);
    say('pods', `${REPLICAS} of Deployment ${APP}, each an HTTP server with an address of its own`);
    const { host, routedBy, countsPods, port: named } = this.world;
    const port = ports[named];
    say('gateway', `http://127.0.0.1:${port}, routes by ${routedBy}`);
    const prometheus = await this.startPrometheus(ports.metrics);
    say(
      'Prometheus',
      `${prometheus.url}, scrapes the gateway${countsPods === true ? ' and every pod' : ''} every second`,
    );
    const random = seeded(seed);
    const load = new Load({
      port,
      host,
      path: '/',
      requestsPerSecond,
      arrivals: 'poisson',
      mark: MARK,
      random,
    });
    const gatewayMetrics = `http://127.0.0.1:${ports.metrics}/metrics`;
    this.parts = {
      client,
      load,
      prometheus: prometheus.proxy,
      prometheusUrl: prometheus.front,
      gatewayMetrics,
    };
    await until('the gateway routes', () => serves(port, host));
    load.start();
    say('load', `${requestsPerSecond} requests a second, whether answered or not`);
    const pid = await this.startController();
    say('controller', `pid ${pid}, the real one; ${HOLDING[this.hold]}`);
    await until('the controller has taken the Deployment in', () => this.taken(client));
  }

  /**
   * Its context is in the namespace of the demo, so that `kubectl rollout status deployment/shop` needs no
   * other flags.
   */
  private writeKubeconfig(path: string, server: string, token?: string): void {
    writeKubeconfigTo(path, { name: 'sluice-demo', server, token, namespace: NAMESPACE });
  }

  private async startPrometheus(
    metricsPort: number,
  ): Promise<{ url: string; front: string; proxy: PrometheusProxy }> {
    const directory = join(this.directory, 'prometheus');
    mkdirSync(directory);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { prometheus: binary } = this.options;
    const pods = this.world.countsPods === true;
    const command = prometheusCommand({ binary, directory, metricsPort, port, pods });
    await this.children.guarded('Prometheus', command);
    await prometheusReady(url);
    const proxy = new PrometheusProxy(url);
    return { url, proxy, front: await proxy.listen() };
  }

  private async applyAll(client: ApiClient): Promise<void> {
    const crds = [...manifests('crds'), ...gatewayApiCrds(), ...meshCrds()];
    if (this.hold !== 'pause') await installPolicies(client);
    for (const crd of crds) await createIfMissing(client, 'customresourcedefinitions', crd);
    for (const name of [NAMESPACE, HOME.namespace])
      await client.create(pathOf('v1', 'namespaces'), {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name },
      });
    const { provider, source } = this.options;
    const rules = rulesOf(provider, this.tactics, source?.analysis);
    for (const { plural, object } of [...rules, ...appObjects(), ...this.world.routes()]) {
      const path = pathOf(object.apiVersion, plural, NAMESPACE);
      await until(`${object.kind} ${object.metadata.name} is created`, async () => {
        try {
          await client.create(path, object);
          return true;
        } catch (error) {
          // a CRD is served only a moment after it was created
          if (error instanceof ApiError && error.code === 404) return false;
          throw error;
        }
      });
    }
  }

  private async available(client: ApiClient): Promise<boolean> {
    const { status } = await client.get(pathOf('apps/v1', 'deployments', NAMESPACE, APP));
    return status?.['availableReplicas'] === REPLICAS;
  }

  private async taken(client: ApiClient): Promise<boolean> {
    const { items } = await client.get<ObjectList>(pathOf('sluice.dev/v1alpha1', 'releases', NAMESPACE));
    return items.some(({ status }) => status?.['phase'] === 'Promoted');
  }
}

interface Cluster {
  url: string;
  controllerToken: string;
}

const HOLDING: Record<Hold, string> = {
  pause: 'holds changes by pausing',
  admission: 'holds changes by admission',
  auto: 'holds changes by admission, as the policies are there',
};

/** Waits for a condition, which it checks ten times a second; throws a sentence when it gives up. */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  seconds = 600,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`gave up waiting after ${seconds} s until ${what}`);
    await sleep(100);
  }
}

async function serves(port: number, host: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const request = http.get({ host: '127.0.0.1', port, headers: { host } }, (response) => {
      response.resume();
      resolve(response.headers['x-pod'] !== undefined);
    });
    request.on('error', () => resolve(false));
  });
}

async function installPolicies(client: ApiClient): Promise<void> {
  for (const policy of [...manifests('admission/common'), ...manifests('admission/admission-mode')]) {
    const plural = `${policy.kind.toLowerCase()}s`.replace(/ys$/, 'ies');
    await createIfMissing(client, plural, policy);
  }
}

async function createIfMissing(client: ApiClient, plural: string, object: KubeObject): Promise<void> {
  try {
    await client.create(pathOf(object.apiVersion, plural), object);
  } catch (error) {
    if (!(error instanceof ApiError && error.code === 409)) throw error;
  }
}

function manifests(folder: string): KubeObject[] {
  const directory = fileURLToPath(new URL(`manifests/${folder}/`, ROOT));
  return readdirSync(directory)
    .filter((file) => file.endsWith('.yaml'))
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(join(directory, file), 'utf8')))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object): object is KubeObject => object !== null && object.kind !== 'Kustomization');
}
