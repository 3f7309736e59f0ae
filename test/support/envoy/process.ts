import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '../../../lib/json.ts';
import { freePort } from '../../../playground/dataplane/metrics/prometheus.ts';
import { eventually } from '../eventually.ts';
import { bootstrap, connectionManager, type Ports } from './bootstrap.ts';

/** The configuration that a control plane gives Envoy. */
export interface Xds {
  clusters: readonly JsonObject[];
  /** the routes of the one virtual host, in their order */
  routes: readonly JsonObject[];
}

const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
const ROUTES = 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration';
const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener';

/**
 * A real Envoy on loopback. Its configuration is in files that are replaced as a whole, like the updates in a
 * control plane's stream.
 */
export class RealEnvoy {
  /** the port for requests */
  readonly port: number;
  /** the port for `/stats/prometheus` */
  readonly statsPort: number;
  readonly #directory: string;
  readonly #ports: Ports;
  readonly #child: ChildProcess;
  #version = 0;

  private constructor(directory: string, ports: Ports, child: ChildProcess) {
    this.#directory = directory;
    this.#ports = ports;
    this.port = ports.listener;
    this.statsPort = ports.stats;
    this.#child = child;
  }

  static async start(binary: string): Promise<RealEnvoy> {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-envoy-'));
    const ports = { admin: await freePort(), listener: await freePort(), stats: await freePort() };
    const config = join(directory, 'bootstrap.json');
    writeFileSync(config, JSON.stringify(bootstrap(directory, ports)));
    const flags = ['--config-path', config, '--concurrency', '2', '--disable-hot-restart', '-l', 'error'];
    const envoy = new RealEnvoy(directory, ports, spawn(binary, flags, { stdio: 'ignore' }));
    envoy.#write('listeners', LISTENER, [connectionManager(directory, ports.listener)]);
    envoy.#write('clusters', CLUSTER, []);
    envoy.#write('routes', ROUTES, [routeConfiguration([])]);
    await eventually(() => envoy.#ready());
    return envoy;
  }

  /**
   * First the new clusters, then the routes to them, and at the end the removal of old clusters: so no
   * request fails.
   */
  async publish({ clusters, routes }: Xds): Promise<void> {
    const names = clusters.map(({ name }) => name);
    const old = this.#clusters.filter(({ name }) => !names.includes(name));
    await this.publishClusters([...clusters, ...old]);
    await this.publishRoutes(routes);
    await this.publishClusters(clusters);
  }

  #clusters: readonly JsonObject[] = [];

  /** Resolves when Envoy has them. */
  async publishClusters(clusters: readonly JsonObject[]): Promise<void> {
    this.#clusters = clusters;
    await this.#taken('cluster_manager.cds', this.#write('clusters', CLUSTER, clusters));
  }

  async publishRoutes(routes: readonly JsonObject[]): Promise<void> {
    await this.#taken('.rds.', this.#write('routes', ROUTES, [routeConfiguration(routes)]));
  }

  /** Every counter and gauge whose name contains `filter`. */
  async stats(filter: string): Promise<Record<string, string>> {
    const answer = await this.#admin(`/stats?filter=${encodeURIComponent(filter)}`);
    const lines = answer.split('\n').filter((line) => line !== '');
    return Object.fromEntries(lines.map((line) => line.split(': ') as [string, string]));
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #write(name: string, type: string, resources: readonly JsonObject[]): string {
    const version = String(++this.#version);
    const file = join(this.#directory, `${name}.json`);
    const all = resources.map((resource) => ({ '@type': type, ...resource }));
    writeFileSync(`${file}.new`, JSON.stringify({ version_info: version, resources: all }));
    renameSync(`${file}.new`, file);
    return version;
  }

  async #taken(what: string, version: string): Promise<void> {
    await eventually(async () => {
      const stats = Object.entries(await this.stats('version_text|update_rejected'));
      const of = (end: string) => stats.find(([name]) => name.includes(what) && name.endsWith(end))?.[1];
      if (of('update_rejected') !== '0') throw new Error(`Envoy rejects ${what}`);
      if (of('version_text') !== `"${version}"`) throw new Error(`Envoy has not taken ${what} yet`);
    });
  }

  async #ready(): Promise<void> {
    if (this.#child.exitCode !== null) throw new Error(`Envoy ended: ${this.#child.exitCode}`);
    if ((await this.#admin('/ready')).trim() !== 'LIVE') throw new Error('Envoy is not ready yet');
  }

  async #admin(path: string): Promise<string> {
    const answer = await fetch(`http://127.0.0.1:${this.#ports.admin}${path}`);
    return answer.text();
  }
}

const routeConfiguration = (routes: readonly JsonObject[]): JsonObject => ({
  name: 'http-10080',
  virtual_hosts: [{ name: 'shop', domains: ['*'], routes: [...routes] }],
});
