import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { ANNOTATION, HOME } from '../../api/names.ts';
import { RESOURCES } from '../../api/resources.ts';
import { KubeClient } from '../../kube/client.ts';
import { systemClock } from '../../kube/clock.ts';
import { connect, type Connection } from '../../kube/http.ts';
import { meshCrds } from '../../playground/demo/mesh-crds.ts';
import type { Binaries, RouteCrds } from './binaries.ts';
import { eventually } from '../support/eventually.ts';
import { ControlPlane, kubeconfigFor, run, type Audited, type Ran } from './control-plane.ts';
import { StandIn } from './stand-in.ts';

/** What `npm run test:cluster` passes to the tests. */
export interface LaneSetUp {
  binaries: Binaries;
  crds: RouteCrds;
  server: ServerSeen;
  /** another cluster, which is only borrowed; absent: every test file starts its own control plane */
  kubeconfig?: string;
}

/** What the tests need to know about the server before they start. */
export interface ServerSeen {
  /** "1.36.3" */
  version: string;
  /** whether it serves MutatingAdmissionPolicy v1, which the hold by admission uses */
  admission: boolean;
}

declare module 'vitest' {
  interface ProvidedContext {
    lane: LaneSetUp | undefined;
  }
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ACCOUNT = 'sluice';
const USER = `system:serviceaccount:${HOME.namespace}:${ACCOUNT}`;
export const RBAC = join(ROOT, 'manifests/rbac');

export type Hold = 'admission' | 'pause';

/** Nothing listens there: nothing is measured, and every step waits for an order. */
export const NO_PROMETHEUS = '--prometheus=http://127.0.0.1:1';

const setUp = inject('lane');

/** Why no target can be held by admission here, for the name of a skipped test; undefined: it can. */
export const NO_ADMISSION: string | undefined =
  setUp?.server.admission === false
    ? `skipped: Kubernetes ${setUp.server.version} does not serve MutatingAdmissionPolicy v1`
    : undefined;

/** Why the tests cannot restart or inspect the server here; undefined: they can. */
export const BORROWED: string | undefined =
  setUp?.kubeconfig === undefined ? undefined : 'skipped: the cluster is only borrowed';

/**
 * A real control plane with Sluice's manifests, and the controller in its own process with its own
 * ServiceAccount.
 */
export class Lane {
  readonly kubeconfig: string;
  /** the best mode that this server supports */
  readonly hold: Hold;
  readonly #setUp: LaneSetUp;
  readonly #plane: ControlPlane | undefined;
  readonly #standIn: StandIn | undefined;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-lane-'));
  readonly #controllers = new Set<Controller>();
  /** the namespaces that the tests have made */
  readonly #namespaces = new Set<string>();
  #connection: Connection | undefined;
  /** kubeconfig of the ServiceAccount; '' until `signIn` */
  #account = '';

  private constructor(setUp: LaneSetUp, plane?: ControlPlane, standIn?: StandIn) {
    this.#setUp = setUp;
    this.#plane = plane;
    this.#standIn = standIn;
    this.hold = setUp.server.admission ? 'admission' : 'pause';
    this.kubeconfig = setUp.kubeconfig ?? plane?.kubeconfig ?? '';
  }

  /** `audit`: records the requests of the ServiceAccount, for `audited`. */
  static async start({ audit = false } = {}): Promise<Lane> {
    if (setUp === undefined)
      throw new Error('these tests need a control plane; run them by npm run test:cluster');
    if (setUp.kubeconfig !== undefined) return new Lane(setUp);
    const plane = await ControlPlane.start(setUp.binaries, audit ? USER : undefined);
    try {
      return new Lane(setUp, plane, await StandIn.start(plane.kubeconfig));
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  /** The kubeconfig of the ServiceAccount. */
  get account(): string {
    return this.#account;
  }

  get crds(): RouteCrds {
    return this.#setUp.crds;
  }

  /** Writes as an administrator, for when a kubectl for each write would be too slow. */
  get client(): KubeClient {
    this.#connection ??= connect({ kubeconfig: this.kubeconfig, userAgent: 'cluster-lane' });
    const { transport } = this.#connection;
    const resources = Object.values(RESOURCES);
    return new KubeClient({ transport, clock: systemClock, fieldManager: 'lane', resources });
  }

  /** Runs the real kubectl; `as` is another kubeconfig than the administrator's. */
  kubectl(args: string[], { input = '', as = this.kubeconfig, env = {} } = {}): Promise<Ran> {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${String(value)}`);
    const program = join(this.#setUp.binaries.folder, 'kubectl');
    return run('env', [...variables, program, `--kubeconfig=${as}`, ...args], input);
  }

  /** The output of kubectl, which must succeed. */
  async ok(args: string[], input = ''): Promise<string> {
    const { code, out } = await this.kubectl(args, { input });
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}:\n${out}`);
    return out;
  }

  /** Creates or updates objects with `kubectl apply`. */
  async apply(objects: readonly KubeObject[] | KubeObject): Promise<void> {
    const items: readonly KubeObject[] = Array.isArray(objects) ? objects : [objects as KubeObject];
    for (const { kind, metadata } of items) if (kind === 'Namespace') this.#namespaces.add(metadata.name);
    await this.ok(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  }

  async get(kind: string, name: string, namespace: string): Promise<KubeObject> {
    return JSON.parse(await this.ok(['get', kind, name, '-n', namespace, '-o', 'json'])) as KubeObject;
  }

  async list(kind: string, namespace: string, selector = ''): Promise<KubeObject[]> {
    const out = await this.ok(['get', kind, '-n', namespace, '-l', selector, '-o', 'json']);
    return (JSON.parse(out) as { items: KubeObject[] }).items;
  }

  /**
   * Installs the kinds, the rights and the admission policies of a hold mode, as docs/ says, and waits until
   * all are effective.
   */
  async install(hold = this.hold): Promise<void> {
    await this.installRoutes();
    const crds = join(ROOT, 'manifests/crds');
    await this.ok(['apply', '-f', crds]);
    await this.ok(['wait', '--for=condition=Established', '--timeout=60s', '-f', crds]);
    await this.namespace(HOME.namespace);
    await this.ok(['apply', '-f', RBAC]);
    await this.#installPolicies(hold);
    await this.signIn();
  }

  /**
   * Replaces the controller's pods: what `controller` starts from now on has the token of their
   * ServiceAccount.
   */
  async signIn(): Promise<void> {
    const token = (await this.ok(['create', 'token', ACCOUNT, '-n', HOME.namespace, '--duration=6h'])).trim();
    this.#account = join(this.#folder, 'account');
    writeFileSync(this.#account, kubeconfigFor(await this.#server(), token), { mode: 0o600 });
  }

  async #installPolicies(hold: Hold): Promise<void> {
    const folder = (name: string): string => join(ROOT, 'manifests/admission', name);
    const other = hold === 'pause' ? 'admission-mode' : 'pause-mode';
    if (this.#setUp.server.admission) await this.ok(['delete', '--ignore-not-found', '-k', folder(other)]);
    for (const name of ['common', `${hold}-mode`]) await this.ok(['apply', '-k', folder(name)]);
    await this.#inForce(hold);
  }

  /** A server needs a moment until a new policy is effective. Waits for the last one of each kind. */
  async #inForce(hold: Hold): Promise<void> {
    const { namespace } = HOME;
    await this.apply(probe(namespace));
    const patch = ['patch', 'deployment', PROBE, '-n', namespace, '--dry-run=server', '-o', 'json'];
    const unpause = (manager: string): Promise<Ran> =>
      this.kubectl([...patch, `--field-manager=${manager}`, '-p', '{"spec":{"paused":false}}']);
    await eventually(async () => {
      const { code, out } = await unpause('kubectl-rollout');
      if (code === 0) throw new Error(`the guard of the hold by ${hold} is not in force: ${out}`);
    });
    await eventually(async () => {
      const { out } = hold === 'pause' ? { out: '"paused": true' } : await unpause('kubectl-patch');
      if (!out.includes('"paused": true')) throw new Error(`sluice-keep is not in force: ${out}`);
    });
    await this.ok(['delete', 'deployment', PROBE, '-n', namespace]);
  }

  /**
   * Installs the kinds of Gateway API and Istio from their own modules, and our own kinds for SMI and
   * Linkerd, whose modules have none that a current server accepts.
   */
  async installRoutes(channel: 'standard' | 'experimental' = 'standard'): Promise<void> {
    const { gateway, istio } = this.#setUp.crds;
    const files = (folder: string): string[] =>
      readdirSync(folder)
        .filter((file) => file.startsWith('gateway.'))
        .flatMap((file) => ['-f', join(folder, file)]);
    // Gateway API's own policy refuses to change the kinds of one channel to those of the other.
    if (channel === 'experimental')
      await this.ok(['delete', '--ignore-not-found', ...files(gateway.standard)]);
    await this.ok(['apply', '--server-side', '--force-conflicts', ...files(gateway[channel]), '-f', istio]);
    await this.apply(meshCrds().filter(({ spec }) => spec?.['group'] !== 'networking.istio.io'));
    await this.ok(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
  }

  async namespace(name: string): Promise<void> {
    await this.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }

  /** Starts `sluice controller` in its own process with its ServiceAccount. */
  async controller(hold: Hold | 'auto' = this.hold, flags: string[] = []): Promise<Controller> {
    const controller = new Controller([
      'controller',
      `--kubeconfig=${this.#account}`,
      `--hold=${hold}`,
      ...(flags.some((flag) => flag.startsWith('--lease-name=')) ? [] : ['--no-leader-election']),
      '--metrics-port=0',
      '--min-interval=1s',
      '--scrape-lag=1s',
      ...(flags.some((flag) => flag.startsWith('--prometheus=')) ? [] : [NO_PROMETHEUS]),
      ...flags,
    ]);
    this.#controllers.add(controller);
    await controller.started();
    return controller;
  }

  /** The recorded requests of the ServiceAccount. */
  audited(): readonly Audited[] {
    return this.#plane?.audited() ?? [];
  }

  /** What the controllers have logged about missing rights. */
  get forbidden(): string[] {
    const lines = [...this.#controllers].flatMap(({ log }) => log.split('\n'));
    return lines.filter((line) => /forbidden|may not/i.test(line));
  }

  /** Runs `sluice COMMAND` as an administrator. */
  sluice(...args: string[]): Promise<Ran> {
    return run(process.execPath, [join(ROOT, 'cli/main.ts'), ...args, `--kubeconfig=${this.kubeconfig}`]);
  }

  async restartServer(): Promise<void> {
    await this.#plane?.restartServer();
  }

  async stopServer(): Promise<void> {
    await this.#plane?.stopServer();
  }

  async startServer(): Promise<void> {
    await this.#plane?.startServer();
  }

  async stop(): Promise<void> {
    for (const controller of this.#controllers) await controller.end('SIGKILL');
    this.#standIn?.stop();
    if (this.#plane === undefined) await this.#clean();
    this.#connection?.close();
    await this.#plane?.stop();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /**
   * Removes what the tests have made in a borrowed cluster; the kinds of routes stay, because others may use
   * them.
   */
  async #clean(): Promise<void> {
    const gone = ['delete', '--ignore-not-found'];
    // No controller is left to restore the routes of a running release, and the namespace would wait for
    // that.
    for (const { metadata } of (await this.client.listAll(RESOURCES.releases)).items)
      await this.ok([
        ...['patch', 'release', metadata.name, '-n', metadata.namespace ?? '', '--type=merge'],
        ...['-p', '{"metadata":{"finalizers":null}}'],
      ]);
    await this.ok([...gone, 'namespace', ...this.#namespaces]);
    for (const folder of [
      'common',
      'pause-mode',
      ...(this.#setUp.server.admission ? ['admission-mode'] : []),
    ])
      await this.ok([...gone, '-k', join(ROOT, 'manifests/admission', folder)]);
    for (const folder of ['crds', 'rbac']) await this.ok([...gone, '-f', join(ROOT, 'manifests', folder)]);
  }

  async #server(): Promise<string> {
    if (this.#plane !== undefined) return this.#plane.server;
    return (
      await this.ok(['config', 'view', '--minify', '-o', 'jsonpath={.clusters[0].cluster.server}'])
    ).trim();
  }
}

/** A running controller and its log. */
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

  /** Resolves once it runs alone, or is the leader. */
  async started(): Promise<void> {
    const { stdout } = this.child;
    while (!/running, without leader election|leading/.test(this.log)) {
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

const PROBE = 'probe';

/** Both modes hold it; it has no pods. */
const probe = (namespace: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: PROBE,
    namespace,
    annotations: { [ANNOTATION.policy]: 'default', [ANNOTATION.held]: 'new' },
  },
  spec: {
    replicas: 0,
    paused: true,
    selector: { matchLabels: { app: PROBE } },
    template: {
      metadata: { labels: { app: PROBE } },
      spec: { containers: [{ name: PROBE, image: PROBE }] },
    },
  },
});
