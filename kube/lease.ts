import type { KubeObject, ObjectRef, Resource } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import type { KubeClient } from './client.ts';
import { isAlreadyExists, isConflict, KubeError } from './errors.ts';
import type { Clock } from '../lib/clock.ts';

const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

export interface LeaseOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'mergePatch'>;
  clock: Clock;
  /** uniform in [0, 1) */
  random: () => number;
  namespace: string;
  name: string;
  /** unique to this process */
  identity: string;
  /** another may take over after this long without a renewal; whole seconds; default 15 s */
  durationMs?: number;
  /** work stops after this long without a renewal; well below durationMs; default 10 s */
  renewDeadlineMs?: number;
  /** time between two attempts; default 2 s */
  retryMs?: number;
  /** takes the Lease even if another holds it: only to show that a process is at work, not to elect one */
  unopposed?: boolean;
  /** called with failed attempts; the election continues by itself */
  onError?: (error: KubeError) => void;
}

interface Observed {
  /** the record as last seen, compared as text */
  record: string;
  /** our own clock at the last look: clocks of other machines are never compared */
  lastMs: number;
  /** for how long we have seen it unchanged */
  unchangedMs: number;
}

/** One look counts for at most this part of the duration: a clock set forward must not end another's leadership. */
const LOOKS = 3;

/**
 * Leader election on a Lease. `isLeader` is false from the moment the renew deadline has passed, even if this process was
 * stopped for a while: ask it before each write.
 */
export class LeaderElection {
  readonly #options: LeaseOptions;
  readonly #ref: ObjectRef;
  readonly #durationMs: number;
  readonly #renewDeadlineMs: number;
  #observed: Observed | undefined;
  #renewedMs: number | undefined;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#ref = { resource: LEASES, namespace: options.namespace, name: options.name };
    this.#durationMs = options.durationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
  }

  isLeader(): boolean {
    const { clock } = this.#options;
    if (this.#renewedMs === undefined) return false;
    const ageMs = clock.now() - this.#renewedMs;
    // A clock that was set back can no longer tell how old the renewal is.
    return ageMs >= 0 && ageMs < this.#renewDeadlineMs;
  }

  /** Resolves once this process leads; rejects with the signal's reason when it fires first. */
  async acquire(signal: AbortSignal): Promise<void> {
    while (!(await this.#attempt())) await this.#pause(signal);
    if (signal.aborted) await this.#release();
    signal.throwIfAborted();
  }

  /**
   * Renews until leadership is lost (resolves 'lost' no later than the renew deadline) or the signal fires (frees the
   * Lease at once and resolves 'released'). The caller has to stop all work before it fires the signal, and at once after
   * 'lost'.
   */
  async hold(signal: AbortSignal): Promise<'lost' | 'released'> {
    for (;;) {
      try {
        await this.#pause(signal);
      } catch {
        await this.#release();
        return 'released';
      }
      await this.#attemptInTime();
      if (!this.isLeader()) {
        this.#renewedMs = undefined;
        return 'lost';
      }
    }
  }

  /** True if we hold the Lease after this attempt. */
  async #attempt(): Promise<boolean> {
    const { client, clock } = this.#options;
    // Taken before the request: the server may store the renewal at any time after this.
    const startedMs = clock.now();
    try {
      const lease = await client.get(this.#ref);
      if (lease === undefined) await client.create(this.#fresh(startedMs));
      else if (this.#mayTake(lease)) await client.mergePatch(this.#ref, this.#claim(lease, startedMs));
      else {
        this.#renewedMs = undefined;
        return false;
      }
      this.#renewedMs = startedMs;
      return true;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      if (!isConflict(error) && !isAlreadyExists(error)) this.#options.onError?.(error);
      return false;
    }
  }

  #mayTake(lease: KubeObject): boolean {
    const spec = lease.spec ?? {};
    const seconds = spec['leaseDurationSeconds'];
    const durationMs = typeof seconds === 'number' ? seconds * 1000 : this.#durationMs;
    const unchangedMs = this.#observe(JSON.stringify(spec), durationMs / LOOKS);
    const holder = spec['holderIdentity'];
    if (this.#options.unopposed === true) return true;
    if (holder === this.#options.identity || holder === '' || holder === undefined || holder === null)
      return true;
    return unchangedMs >= durationMs;
  }

  /** How long the record has been unchanged; the time between two looks counts up to a limit. */
  #observe(record: string, mostMs: number): number {
    const nowMs = this.#options.clock.now();
    const before = this.#observed?.record === record ? this.#observed : undefined;
    const passedMs = before === undefined ? 0 : Math.max(0, nowMs - before.lastMs);
    const unchangedMs = (before?.unchangedMs ?? 0) + Math.min(passedMs, mostMs);
    this.#observed = { record, lastMs: nowMs, unchangedMs };
    return unchangedMs;
  }

  #fresh(nowMs: number): KubeObject {
    const { namespace, name } = this.#options;
    return {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
      spec: { ...this.#mine(nowMs), acquireTime: microTime(nowMs), leaseTransitions: 0 },
    };
  }

  /** The resourceVersion makes the write fail if another process wrote since we read. */
  #claim(lease: KubeObject, nowMs: number): JsonObject {
    const spec = lease.spec ?? {};
    const renewal = spec['holderIdentity'] === this.#options.identity;
    const transitions = typeof spec['leaseTransitions'] === 'number' ? spec['leaseTransitions'] : 0;
    const taken = { acquireTime: microTime(nowMs), leaseTransitions: transitions + 1 };
    return {
      metadata: { resourceVersion: lease.metadata.resourceVersion },
      spec: { ...this.#mine(nowMs), ...(renewal ? {} : taken) },
    };
  }

  #mine(nowMs: number): JsonObject {
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.round(this.#durationMs / 1000),
      renewTime: microTime(nowMs),
    };
  }

  async #release(): Promise<void> {
    const { client, clock, identity } = this.#options;
    this.#renewedMs = undefined;
    try {
      const lease = await client.get(this.#ref);
      if (lease?.spec?.['holderIdentity'] !== identity) return;
      await client.mergePatch(this.#ref, {
        metadata: { resourceVersion: lease.metadata.resourceVersion },
        spec: { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime(clock.now()) },
      });
    } catch (error) {
      // A Lease that could not be freed runs out by itself.
      if (!(error instanceof KubeError)) throw error;
      this.#options.onError?.(error);
    }
  }

  /** Makes an attempt, but does not wait for its answer beyond the end of the present leadership. */
  async #attemptInTime(): Promise<void> {
    const { clock } = this.#options;
    const leftMs = (this.#renewedMs ?? clock.now()) + this.#renewDeadlineMs - clock.now();
    let cancel = (): void => undefined;
    const deadline = new Promise<void>((resolve) => {
      cancel = clock.after(Math.max(0, leftMs), resolve);
    });
    await Promise.race([this.#attempt(), deadline]);
    cancel();
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { clock, random, retryMs = 2_000 } = this.#options;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        cancel();
        reject(signal.reason as Error);
      };
      const cancel = clock.after(retryMs * (1 + 0.2 * random()), () => {
        signal.removeEventListener('abort', abort);
        resolve();
      });
      if (signal.aborted) abort();
      else signal.addEventListener('abort', abort, { once: true });
    });
  }
}

/** MicroTime has exactly six fraction digits; the server refuses anything else. */
export function microTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.(\d{3})Z$/, '.$1000Z');
}
