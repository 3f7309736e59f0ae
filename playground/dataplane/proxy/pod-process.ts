import http from 'node:http';
import type { PodReport } from '../../apiserver/contract.ts';
import { behaviourOf } from '../routing/behaviour.ts';
import type { Behaviour } from '../routing/behaviour.ts';
import type { PodSpec, ProbeSpec } from './pod-spec.ts';
import { PodServer } from './pod-server.ts';
import type { Random } from '../../../lib/random.ts';

export interface PodTimes {
  /** a deleted pod serves for this long, so that every proxy has removed it from its list before it stops */
  drainMs: number;
  /** the second restart waits this long, each further one twice as long as the one before, at most backOffMaxMs */
  backOffMs: number;
  backOffMaxMs: number;
}

export interface PodProcessOptions {
  spec: PodSpec;
  times: PodTimes;
  random: Random;
  /** picks an address on which `listen` succeeds and remembers it */
  bind(listen: (host: string) => Promise<void>): Promise<string>;
  report(report: PodReport): void;
}

/** One pod: starts its container, probes it, restarts it with growing back-off, and stops it gracefully. */
export class PodProcess {
  private readonly options: PodProcessOptions;
  private server: PodServer | undefined;
  private host: string | undefined;
  private ready = false;
  private restarts = 0;
  private stopping = false;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(options: PodProcessOptions) {
    this.options = options;
  }

  /**
   * Starts the container; wrong fault settings are reported as CreateContainerConfigError and never tried
   * again.
   */
  async start(): Promise<void> {
    const { spec } = this.options;
    let behaviour: Behaviour;
    try {
      behaviour = behaviourOf(spec);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.report({ phase: 'Pending', waiting: { reason: 'CreateContainerConfigError', message } });
      return;
    }
    await this.run(behaviour);
  }

  /** Serves for the drain time, closes every connection cleanly, and ends within the grace period. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    this.clearTimers();
    const server = this.server;
    if (server === undefined) return;
    const drainMs = this.ready ? Math.min(this.options.times.drainMs, Math.max(graceMs - 500, 0)) : 0;
    const killer = setTimeout(() => server.kill(), Math.max(graceMs, 1));
    await new Promise((resolve) => setTimeout(resolve, drainMs));
    await server.close();
    clearTimeout(killer);
  }

  private async run(behaviour: Behaviour): Promise<void> {
    const { spec, random } = this.options;
    const server = new PodServer({ pod: spec.name, behaviour, random });
    const known = this.host;
    const listen = (host: string): Promise<void> => server.listen(host, spec.port);
    this.host = known ?? (await this.options.bind(listen));
    if (known !== undefined) await listen(known);
    if (this.stopping) return server.kill();
    this.server = server;
    this.report({ phase: 'Running' });
    if (behaviour.crashAfterMs !== undefined) this.later(behaviour.crashAfterMs, () => this.crash(behaviour));
    if (spec.probe === undefined) return this.setReady(true);
    const probe = spec.probe;
    this.later(probe.initialDelayMs, () => void this.probe(probe, { good: 0, bad: 0 }));
  }

  private crash(behaviour: Behaviour): void {
    this.clearTimers();
    this.server?.kill();
    this.server = undefined;
    this.ready = false;
    const wait = this.backOff();
    if (wait > 0) {
      const message = `back-off ${wait / 1000}s restarting failed container of pod ${this.options.spec.name}`;
      this.report({ phase: 'Running', waiting: { reason: 'CrashLoopBackOff', message } });
    }
    this.later(wait, () => {
      this.restarts += 1;
      void this.run(behaviour);
    });
  }

  /** Like the kubelet: the first restart is immediate, then 10 s, 20 s, 40 s, … 5 min. */
  private backOff(): number {
    if (this.restarts === 0) return 0;
    return Math.min(this.options.times.backOffMs * 2 ** (this.restarts - 1), this.options.times.backOffMaxMs);
  }

  private async probe(probe: ProbeSpec, seen: { good: number; bad: number }): Promise<void> {
    const server = this.server;
    const healthy = await check(this.host ?? '', probe);
    if (this.stopping || server !== this.server) return;
    seen.good = healthy ? seen.good + 1 : 0;
    seen.bad = healthy ? 0 : seen.bad + 1;
    if (seen.good >= probe.successThreshold) this.setReady(true);
    if (seen.bad >= probe.failureThreshold) this.setReady(false);
    this.later(probe.periodMs, () => void this.probe(probe, seen));
  }

  private setReady(ready: boolean): void {
    if (ready === this.ready) return;
    this.ready = ready;
    this.report({ phase: 'Running' });
  }

  private report(state: Pick<PodReport, 'phase' | 'waiting'>): void {
    if (this.stopping) return;
    this.options.report({
      ...state,
      ready: this.ready,
      restartCount: this.restarts,
      ...(this.host === undefined ? {} : { podIP: this.host }),
    });
  }

  private later(ms: number, fn: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      if (!this.stopping) fn();
    }, ms);
    this.timers.add(timer);
  }

  private clearTimers(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }
}

/** One readiness check over HTTP: 200..399 is healthy; anything else, an error or a time-out is not. */
function check(host: string, probe: ProbeSpec): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({
      host,
      port: probe.port,
      path: probe.path,
      agent: false,
      timeout: probe.timeoutMs,
      headers: { 'user-agent': 'kube-probe' },
    });
    request.on('response', (response) => {
      response.resume();
      resolve((response.statusCode ?? 500) >= 200 && (response.statusCode ?? 500) < 400);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(false));
    request.on('close', () => resolve(false));
  });
}
