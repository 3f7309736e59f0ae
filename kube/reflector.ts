import type { Resource } from '../api/kube.ts';
import { backoffMs } from '../lib/backoff.ts';
import type { KubeClient, Scope, WatchEvent } from './client.ts';
import { isForbidden, isGone, isNotFound, isRetryable, KubeError, TIMEOUT } from './errors.ts';
import type { Sink } from './store.ts';
import type { Clock } from '../lib/clock.ts';

export interface ReflectorOptions {
  client: Pick<KubeClient, 'listAll' | 'watch' | 'serves'>;
  resource: Resource;
  scope?: Scope;
  sink: Sink;
  clock: Clock;
  /** uniform in [0, 1) */
  random: () => number;
  /** called with every failure; the reflector continues by itself */
  onError?: (error: KubeError, retryInMs: number) => void;
  /** a watch without an event or bookmark for this long counts as dead; default 90 s */
  silenceMs?: number;
  /** a kind the server does not know is an empty collection; otherwise it is a failure like any other */
  optional?: boolean;
  /** the sink is told if the kind may not be read; otherwise what was read before stays */
  mayBeForbidden?: boolean;
  /** longest pause between two attempts; default 30 s */
  maxBackoffMs?: number;
}

/** After this many silent watches in a row the collection is listed again: the server may have lost our version. */
const SILENT_WATCHES = 10;
/** The same after this many failed attempts in a row. */
const FAILED_WATCHES = 8;
/**
 * A server that starts may not know its kinds yet: a kind that was there before counts as gone only after this many 404s
 * in a row.
 */
const CERTAINLY_ABSENT = 3;
/** A watch that the server closes sooner than this, without an event, counts as a failure, to avoid a busy loop. */
const SHORT_WATCH_MS = 1_000;

/** Keeps a sink equal to a collection of the API server: list, then watch from there, for ever. Only `stop` ends it. */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #stop = new AbortController();
  #version: string | undefined;
  readonly #maxBackoffMs: number;
  #failures = 0;
  #silent = 0;
  #listed = false;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#maxBackoffMs = options.maxBackoffMs ?? 30_000;
  }

  /** Runs until `stop`; never rejects. */
  async run(): Promise<void> {
    while (!this.#stopped()) {
      try {
        this.#version ??= await this.#list();
        await this.#watch(this.#version);
        this.#failures = 0;
      } catch (error) {
        if (this.#stopped()) return;
        await this.#recover(error);
      }
    }
  }

  stop(): void {
    this.#stop.abort(new KubeError({ code: 0, reason: 'Stopped', message: 'the reflector was stopped' }));
  }

  #stopped(): boolean {
    return this.#stop.signal.aborted;
  }

  async #list(): Promise<string> {
    const { client, resource, scope, sink } = this.#options;
    const { items, resourceVersion } = await client.listAll(resource, scope);
    if (!this.#stopped()) sink.replace(items, resourceVersion);
    this.#listed = true;
    return resourceVersion;
  }

  /** One watch: resolves when the server closes it, or when it fell silent; throws a KubeError otherwise. */
  async #watch(from: string): Promise<void> {
    const { client, resource, scope, clock, random } = this.#options;
    const startedMs = clock.now();
    const silence = new SilenceTimer(clock, this.#options.silenceMs ?? 90_000);
    const events = client.watch(resource, {
      ...scope,
      resourceVersion: from,
      timeoutSeconds: Math.round(240 + 240 * random()),
      signal: AbortSignal.any([this.#stop.signal, silence.signal]),
    });
    try {
      for await (const event of events) {
        if (this.#stopped()) return;
        silence.reset();
        this.#deliver(event);
      }
    } catch (error) {
      if (!silence.signal.aborted) throw error;
    } finally {
      silence.cancel();
    }
    if (silence.heard) this.#silent = 0;
    else if (silence.signal.aborted) this.#countSilence();
    else if (clock.now() - startedMs < SHORT_WATCH_MS) {
      throw new KubeError({ code: 0, reason: TIMEOUT, message: 'the server closed the watch at once' });
    }
  }

  #deliver(event: WatchEvent): void {
    this.#failures = 0;
    if (event.type === 'BOOKMARK') {
      if (event.resourceVersion === '') return;
      this.#version = event.resourceVersion;
      return this.#options.sink.bookmark(event.resourceVersion);
    }
    this.#version = event.object.metadata.resourceVersion ?? this.#version;
    this.#options.sink.observe(event.type, event.object);
  }

  #countSilence(): void {
    this.#silent += 1;
    if (this.#silent < SILENT_WATCHES) return;
    this.#silent = 0;
    this.#version = undefined;
  }

  async #recover(error: unknown): Promise<void> {
    if (!(error instanceof KubeError)) throw error;
    this.#failures += 1;
    // A watch that is refused, or always breaks at the same version, must not leave the collection out of date.
    if (!isRetryable(error) || this.#failures % FAILED_WATCHES === 0) this.#version = undefined;
    // The first time a version is too old is ordinary: list again at once.
    if (isGone(error) && this.#failures === 1) return;
    const { waitMs, absent } = await this.#pause(error);
    if (!absent) this.#options.onError?.(error, waitMs);
    await this.#sleep(this.#options.clock, waitMs);
  }

  async #pause(error: KubeError): Promise<{ waitMs: number; absent: boolean }> {
    const { optional = false, mayBeForbidden = false, sink } = this.#options;
    const absent = optional && (isNotFound(error) || (isForbidden(error) && (await this.#isNotServed())));
    if (absent && this.#believesAbsence()) return { waitMs: this.#absent(), absent };
    if (absent || !mayBeForbidden || !isForbidden(error)) return { waitMs: this.#pauseMs(error), absent };
    if (!this.#stopped()) sink.forbidden();
    return { waitMs: this.#maxBackoffMs, absent };
  }

  /** Does the server not have this kind? No, if that cannot be found out. */
  async #isNotServed(): Promise<boolean> {
    const { client, resource } = this.#options;
    try {
      return !(await client.serves(resource));
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      return false;
    }
  }

  #believesAbsence(): boolean {
    return !this.#listed || this.#failures >= CERTAINLY_ABSENT;
  }

  #absent(): number {
    this.#options.sink.absent();
    return this.#maxBackoffMs;
  }

  #pauseMs(error: KubeError): number {
    const { random } = this.#options;
    const pause = backoffMs(this.#failures, { minMs: 500, maxMs: this.#maxBackoffMs, random });
    return Math.max(pause, error.retryAfterMs ?? 0);
  }

  async #sleep(clock: Clock, ms: number): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(ms, () => {
        signal.removeEventListener('abort', wake);
        resolve();
      });
      const wake = (): void => {
        cancel();
        resolve();
      };
      signal.addEventListener('abort', wake, { once: true });
    });
  }
}

/** Aborts its signal when `reset` has not been called for `ms`. One timer at a time, not one per event. */
class SilenceTimer {
  readonly #abort = new AbortController();
  readonly #clock: Clock;
  readonly #ms: number;
  #lastMs: number;
  #cancel: () => void;
  heard = false;

  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#ms = ms;
    this.#lastMs = clock.now();
    this.#cancel = clock.after(ms, () => this.#check());
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  reset(): void {
    this.#lastMs = this.#clock.now();
    this.heard = true;
  }

  cancel(): void {
    this.#cancel();
  }

  #check(): void {
    const leftMs = this.#lastMs + this.#ms - this.#clock.now();
    // If more than the whole time is left, the clock was set back and says nothing.
    if (leftMs > 0 && leftMs <= this.#ms) {
      this.#cancel = this.#clock.after(leftMs, () => this.#check());
      return;
    }
    this.#abort.abort(new KubeError({ code: 0, reason: TIMEOUT, message: 'the watch fell silent' }));
  }
}
