import http from 'node:http';
import { Crowd } from '../proxy/clients.ts';
import type { Client, Mark } from '../proxy/clients.ts';
import { exponential } from './random.ts';
import type { Random } from '../../../lib/random.ts';

export interface LoadOptions {
  /** loopback port of the gateway */
  port: number;
  /** Host header */
  host: string;
  path: string;
  requestsPerSecond: number;
  arrivals: 'poisson' | 'constant';
  /** the mark that some of the clients send */
  mark: Mark;
  random: Random;
}

/** Counts of what one version of the application answered. */
export interface VersionCounts {
  total: number;
  /** errors that the application was told to make */
  injected: number;
  /** requests of clients with the mark */
  marked: number;
}

export interface LoadCounts {
  total: number;
  versions: Record<string, VersionCounts>;
  /** everything that failed and that no application injected: refused, reset, timed out, gateway 5xx … */
  clientErrors: number;
  /** the first few of them */
  samples: string[];
}

const TIMEOUT_MS = 10_000;
const MAX_SAMPLES = 10;
/**
 * At most this many requests wait for answers; others that are due meanwhile are not made. Without a bound a machine that falls
 * behind gets ever more connections, which it then has no time to serve.
 */
export const MAX_IN_FLIGHT = 200;

/** Open loop: requests start at their time, however slow the answers are, up to MAX_IN_FLIGHT. */
export class Load {
  readonly counts: LoadCounts = { total: 0, versions: {}, clientErrors: 0, samples: [] };
  private readonly options: LoadOptions;
  // shorter than the gateway's keep-alive time, so no request uses a connection that is being closed
  private readonly agent = new http.Agent({ keepAlive: true, timeout: 30_000 });
  private readonly crowd: Crowd;
  private rate: number;
  private nextMs = 0;
  private timer: NodeJS.Timeout | undefined;
  private inFlight = 0;
  private idle: (() => void) | undefined;

  constructor(options: LoadOptions) {
    this.options = options;
    this.rate = options.requestsPerSecond;
    this.crowd = new Crowd(options.mark, options.random);
  }

  start(): void {
    this.nextMs = performance.now() + this.gap();
    this.tick();
  }

  /** Changes the rate from now on; 0 sends nothing. */
  setRate(requestsPerSecond: number): void {
    this.rate = requestsPerSecond;
    this.nextMs = performance.now() + this.gap();
  }

  /** Sends nothing more and waits for running requests. */
  async stop(): Promise<void> {
    clearTimeout(this.timer);
    if (this.inFlight > 0) await new Promise<void>((resolve) => (this.idle = resolve));
    this.agent.destroy();
  }

  /** A copy of the counters as they are now. */
  snapshot(): LoadCounts {
    return structuredClone(this.counts);
  }

  private tick(): void {
    const now = performance.now();
    while (this.nextMs <= now) {
      if (this.inFlight < MAX_IN_FLIGHT) this.send();
      this.nextMs += this.gap();
    }
    this.timer = setTimeout(() => this.tick(), Math.min(Math.max(this.nextMs - now, 1), 50));
  }

  private gap(): number {
    if (this.rate <= 0) return Infinity;
    const mean = 1000 / this.rate;
    return this.options.arrivals === 'poisson' ? exponential(this.options.random, mean) : mean;
  }

  private send(): void {
    this.inFlight += 1;
    this.counts.total += 1;
    const { port, path, host } = this.options;
    const client = this.crowd.next();
    const headers = { host, ...client.headers() };
    const request = http.get({ agent: this.agent, host: '127.0.0.1', port, path, headers });
    request.setTimeout(TIMEOUT_MS, () => request.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    let failure: string | undefined;
    request.on('error', (error) => (failure = error.message));
    request.on('response', (response) => {
      response.resume();
      response.on('error', (error) => (failure = `answer broken off: ${error.message}`));
      client.receive(response.headers['set-cookie']);
      failure = this.judge(response, client);
    });
    request.on('close', () => this.finished(failure));
  }

  /** Counts an answer; returns what is wrong with it, if that is not the application's doing. */
  private judge(response: http.IncomingMessage, client: Client): string | undefined {
    const version = response.headers['x-version'];
    const status = response.statusCode ?? 0;
    if (typeof version === 'string') {
      const counts = (this.counts.versions[version] ??= { total: 0, injected: 0, marked: 0 });
      counts.total += 1;
      if (client.marked) counts.marked += 1;
      if (response.headers['x-injected-error'] === 'true') {
        counts.injected += 1;
        return undefined;
      }
    }
    if (status < 400) return undefined;
    return `${status} ${String(response.headers['x-gateway-error'] ?? '')}`.trimEnd();
  }

  private finished(failure: string | undefined): void {
    this.inFlight -= 1;
    if (failure !== undefined) {
      this.counts.clientErrors += 1;
      const sample = `${new Date().toISOString()} ${failure}`;
      if (this.counts.samples.length < MAX_SAMPLES) this.counts.samples.push(sample);
    }
    if (this.inFlight === 0) this.idle?.();
  }
}
