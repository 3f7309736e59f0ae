import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { HOME } from '../../api/names.ts';
import { meshCrds } from '../../playground/scenarios/mesh-crds.ts';
import type { Binaries, RouteCrds } from './binaries.ts';
import { ControlPlane, kubeconfigFor, run, type Ran } from './control-plane.ts';
import { StandIn } from './stand-in.ts';

/** What `npm run test:cluster` hands to the tests. */
export interface LaneSetUp {
  binaries: Binaries;
  crds: RouteCrds;
  /** another cluster, that is only borrowed; absent: every file of tests starts a control plane of its own */
  kubeconfig?: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    lane: LaneSetUp | undefined;
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ACCOUNT = 'sluice';

export type Hold = 'admission' | 'pause';

/** A real control plane with Sluice's manifests, and the controller as its own process under its own ServiceAccount. */
export class Lane {
  readonly kubeconfig: string;
  readonly version: string;
  readonly #setUp: LaneSetUp;
  readonly #plane: ControlPlane | undefined;
  readonly #standIn: StandIn | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-lane-'));
  readonly #controllers = new Set<Controller>();
  /** of the ServiceAccount; '' until `install` */
  #account = '';

  private constructor(setUp: LaneSetUp, plane?: ControlPlane, standIn?: StandIn) {
    this.#setUp = setUp;
    this.#plane = plane;
    this.#standIn = standIn;
    this.version = setUp.binaries.version;
    this.kubeconfig = setUp.kubeconfig ?? plane?.kubeconfig ?? '';
  }

  static async start(): Promise<Lane> {
    const setUp = inject('lane');
    if (setUp === undefined)
      throw new Error('these tests need a control plane; run them by npm run test:cluster');
    if (setUp.kubeconfig !== undefined) return new Lane(setUp);
    const plane = await ControlPlane.start(setUp.binaries);
    try {
      return new Lane(setUp, plane, await StandIn.start(plane.kubeconfig));
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** Whether the lane may restart the API server: on a cluster that is only borrowed it may not. */
  get own(): boolean {
    return this.#plane !== undefined;
  }

  get crds(): RouteCrds {
    return this.#setUp.crds;
  }

  /** Runs the real kubectl; `as` names a kubeconfig other than the administrator's. */
  kubectl(args: string[], { input = '', as = this.kubeconfig } = {}): Promise<Ran> {
    return run(join(this.#setUp.binaries.folder, 'kubectl'), [`--kubeconfig=${as}`, ...args], input);
  }

  /** What kubectl printed; it has to go well. */
  async ok(args: string[], input = ''): Promise<string> {
    const { code, out } = await this.kubectl(args, { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${out}`);
    return out;
  }

  /** Creates or updates objects by `kubectl apply`. */
  async apply(objects: readonly KubeObject[] | KubeObject): Promise<void> {
    const items = Array.isArray(objects) ? objects : [objects];
    await this.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  async get(kind: string, name: string, namespace: string): Promise<KubeObject> {
    return JSON.parse(await this.ok(['get', kind, name, '-n', namespace, '-o', 'json'])) as KubeObject;
  }

  async list(kind: string, namespace: string): Promise<KubeObject[]> {
    const out = await this.ok(['get', kind, '-n', namespace, '-o', 'json']);
    return (JSON.parse(out) as { items: KubeObject[] }).items;
  }

  /** The kinds, the rights and the admission policies of a hold mode, as docs/ says to install them. */
  async install(hold: Hold): Promise<void> {
    await this.installRoutes();
    await this.ok(['apply', '-f', join(ROOT, 'manifests/crds')]);
    await this.ok([
      'wait',
      '--for=condition=Established',
      '--timeout=60s',
      '-f',
      join(ROOT, 'manifests/crds'),
    ]);
    await this.namespace(HOME.namespace);
    await this.ok(['apply', '-f', join(ROOT, 'manifests/rbac'), '-n', HOME.namespace]);
    for (const folder of ['common', `${hold}-mode`])
      await this.ok(['apply', '-k', join(ROOT, 'manifests/admission', folder)]);
    const token = (await this.ok(['create', 'token', ACCOUNT, '-n', HOME.namespace, '--duration=6h'])).trim();
    this.#account = join(this.#folder, 'account');
    writeFileSync(this.#account, kubeconfigFor(await this.#server(), token), { mode: 0o600 });
  }

  /** The kinds of Gateway API and Istio from their own modules; of SMI and Linkerd, whose modules carry none that a server of today takes, ours. */
  async installRoutes(channel: 'standard' | 'experimental' = 'standard'): Promise<void> {
    const { gateway, istio } = this.#setUp.crds;
    await this.ok(['apply', '--server-side', '--force-conflicts', '-f', gateway[channel], '-f', istio]);
    await this.apply(meshCrds().filter(({ spec }) => spec?.['group'] !== 'networking.istio.io'));
    await this.ok(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  }

  async namespace(name: string): Promise<void> {
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  /** `sluice controller` as its own process under its ServiceAccount. */
  async controller(hold: Hold, flags: string[] = []): Promise<Controller> {
    const controller = new Controller([
      'controller',
      `--kubeconfig=${this.#account}`,
      `--hold=${hold}`,
      '--no-leader-election',
      '--metrics-port=0',
      '--min-interval=1s',
      '--scrape-lag=1s',
      ...flags,
    ]);
    this.#controllers.add(controller);
    await controller.started();
    return controller;
  }

  /** `sluice COMMAND` of an administrator. */
  sluice(...args: string[]): Promise<Ran> {
    return run(process.execPath, [join(ROOT, 'cli/main.ts'), ...args, `--kubeconfig=${this.kubeconfig}`]);
  }

  async restartServer(): Promise<void> {
    await this.#plane?.restartServer();
  }

  async stop(): Promise<void> {
    for (const controller of this.#controllers) await controller.end('SIGKILL');
    this.#standIn?.stop();
    await this.#plane?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #server(): Promise<string> {
    if (this.#plane !== undefined) return this.#plane.server;
    return (
      await this.ok(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])
    ).trim();
  }
}

/** A running controller and what it has logged. */
export class Controller {
  readonly child: ChildProcess;
  log = '';

  constructor(args: string[]) {
    this.child = spawn(process.execPath, [join(ROOT, 'cli/main.ts'), ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.log += text));
  }

  /** Resolves once it is at work. */
  async started(): Promise<void> {
    const { stdout } = this.child;
    while (!/at work|leading/.test(this.log)) {
      if (this.child.exitCode !== null) throw new Error(`the controller has ended:\n${this.log}`);
      await Promise.race([stdout === null ? undefined : once(stdout, 'data'), once(this.child, 'exit')]);
    }
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }
}

/** A manifest of the project, as objects for `apply`. */
export const manifest = (path: string): string => readFileSync(join(ROOT, 'manifests', path), 'utf8');
