import { spawn, type ChildProcess } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../playground/dataplane/metrics/prometheus.ts';
import { eventually } from '../support/eventually.ts';
import type { Binaries } from './binaries.ts';

/** The token of a member of system:masters, which only this API server knows. */
const TOKEN = 'cluster-lane';
const LOOPBACK = '127.0.0.1';
const AUDIT_LOG = 'audit.log';

/** A user's request to the API server, from its audit log. */
export interface Audited {
  verb: string;
  objectRef?: { resource?: string; apiGroup?: string; subresource?: string };
  responseStatus?: { code?: number };
}

/** etcd, kube-apiserver and kube-controller-manager as processes on loopback. */
export class ControlPlane {
  readonly kubeconfig: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'sluice-cluster-'));
  readonly #binaries: Binaries;
  readonly #audited: string | undefined;
  readonly #asked: Audited[] = [];
  #auditRead = 0;
  readonly #running = new Map<string, ChildProcess>();
  #ports = { api: 0, etcd: 0, peer: 0 };

  private constructor(binaries: Binaries, audited: string | undefined) {
    this.#binaries = binaries;
    this.#audited = audited;
    this.kubeconfig = join(this.#folder, 'kubeconfig');
  }

  /**
   * Resolves when it answers; the caller has to stop it. The audit log records the requests of the user
   * `audited`.
   */
  static async start(binaries: Binaries, audited?: string): Promise<ControlPlane> {
    const plane = new ControlPlane(binaries, audited);
    try {
      plane.#ports = { api: await freePort(), etcd: await freePort(), peer: await freePort() };
      plane.#writeFiles();
      await plane.#startEtcd();
      await plane.#startServer();
      plane.#startControllers();
      return plane;
    } catch (error) {
      await plane.stop();
      throw error;
    }
  }

  get server(): string {
    return `https://${LOOPBACK}:${this.#ports.api}`;
  }

  /** Kills the API server and starts another one on the same etcd and port. */
  async restartServer(): Promise<void> {
    await this.stopServer();
    await this.startServer();
  }

  stopServer(): Promise<void> {
    return this.#end('kube-apiserver', 'SIGKILL');
  }

  async startServer(): Promise<void> {
    await this.#startServer();
    // It ends by itself when its server is gone for long, so it may have ended.
    if (this.#running.get('kube-controller-manager')?.exitCode !== null) this.#startControllers();
  }

  async stop(): Promise<void> {
    for (const name of ['kube-controller-manager', 'kube-apiserver', 'etcd'])
      await this.#end(name, 'SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #writeFiles(): void {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    this.#write('sa.key', privateKey.export({ type: 'pkcs8', format: 'pem' }));
    this.#write('sa.pub', publicKey.export({ type: 'spki', format: 'pem' }));
    this.#write('tokens.csv', `${TOKEN},admin,admin,system:masters\n`);
    writeFileSync(this.kubeconfig, kubeconfigFor(this.server, TOKEN));
  }

  #write(name: string, content: string | Buffer): void {
    writeFileSync(join(this.#folder, name), content, { mode: 0o600 });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  async #startEtcd(): Promise<void> {
    const { etcd, peer } = this.#ports;
    const child = this.#spawn('etcd', [this.#path('etcd'), http(etcd), http(peer)]);
    await Promise.race([once(child.stdout!, 'data'), this.#died('etcd', child)]);
  }

  async #startServer(): Promise<void> {
    const child = this.#spawn('kube-apiserver', [
      `--etcd-servers=${http(this.#ports.etcd)}`,
      `--bind-address=${LOOPBACK}`,
      `--advertise-address=${LOOPBACK}`,
      `--secure-port=${this.#ports.api}`,
      `--cert-dir=${this.#path('certificates')}`,
      '--endpoint-reconciler-type=none',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${this.#path('sa.pub')}`,
      `--service-account-signing-key-file=${this.#path('sa.key')}`,
      `--token-auth-file=${this.#path('tokens.csv')}`,
      '--authorization-mode=RBAC',
      ...this.#audit(),
    ]);
    const ready = eventually(async () => {
      const { code } = await run(this.#program('kubectl'), [
        `--kubeconfig=${this.kubeconfig}`,
        'get',
        '--raw',
        '/readyz',
      ]);
      if (code !== 0) throw new Error('the API server is not ready');
    });
    await Promise.race([ready, this.#died('kube-apiserver', child)]);
  }

  #audit(): string[] {
    if (this.#audited === undefined) return [];
    const rules = [{ level: 'Metadata', users: [this.#audited] }, { level: 'None' }];
    const policy = { apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'], rules };
    this.#write('audit-policy.json', JSON.stringify(policy));
    return [
      `--audit-policy-file=${this.#path('audit-policy.json')}`,
      `--audit-log-path=${this.#path(AUDIT_LOG)}`,
    ];
  }

  /** All recorded requests so far. */
  audited(): readonly Audited[] {
    const log = this.#path(AUDIT_LOG);
    const written = existsSync(log) ? readFileSync(log) : Buffer.alloc(0);
    const end = written.lastIndexOf('\n') + 1;
    const lines = written.toString('utf8', this.#auditRead, end).split('\n');
    this.#auditRead = end;
    this.#asked.push(...lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Audited));
    return this.#asked;
  }

  #startControllers(): void {
    this.#spawn('kube-controller-manager', [
      `--kubeconfig=${this.kubeconfig}`,
      '--leader-elect=false',
      '--use-service-account-credentials=true',
      `--service-account-private-key-file=${this.#path('sa.key')}`,
      '--secure-port=0',
      // No kubelet reports its node here, and no controller may conclude anything from that.
      '--controllers=*,-node-lifecycle-controller,-node-ipam-controller,-service-lb-controller,-node-route-controller',
    ]);
  }

  #program(name: string): string {
    return join(this.#binaries.folder, name);
  }

  #spawn(name: string, args: string[]): ChildProcess {
    const child = spawn(this.#program(name), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const log = createWriteStream(this.#path(`${name}.log`), { flags: 'a' });
    child.stdout.pipe(log, { end: false });
    child.stderr.pipe(log, { end: false });
    this.#running.set(name, child);
    return child;
  }

  async #died(name: string, child: ChildProcess): Promise<never> {
    await once(child, 'exit');
    const log = readFileSync(this.#path(`${name}.log`), 'utf8')
      .trimEnd()
      .split('\n')
      .slice(-15)
      .join('\n');
    throw new Error(`${name} has ended:\n${log}`);
  }

  async #end(name: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.#running.get(name);
    this.#running.delete(name);
    if (child?.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }
}

const http = (port: number): string => `http://${LOOPBACK}:${port}`;

/** A kubeconfig with one context. The server made its certificate when it started. */
export function kubeconfigFor(server: string, token: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'lane', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'lane', context: { cluster: 'lane', user: 'user' } }],
    'current-context': 'lane',
  });
}

export interface Ran {
  code: number;
  /** standard output and standard error */
  out: string;
}

/** Runs a program to its end, with `input` as its standard input. */
export async function run(program: string, args: string[], input = ''): Promise<Ran> {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stdin.on('error', () => undefined); // it may end without reading its input
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code: code ?? 1, out };
}
