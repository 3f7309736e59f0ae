import { isDeepStrictEqual } from 'node:util';
import type { ObjectEvent, PodReport, PodRuntime, StoreClient } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { isDeleting, keyOf, PODS, splitKey, uidOf } from '../kinds.ts';
import type { Key, Pod } from '../kinds.ts';
import { isFinished } from '../pods.ts';
import { WorkQueue } from '../queue.ts';
import { now } from '../time.ts';
import { podStatus } from './pod-status.ts';

interface Running {
  /** not yet written to the API */
  news?: PodReport;
  /** when the grace period ends, in milliseconds since the epoch; set once the pod has been asked to end */
  endsAt?: number;
  cancelDeadline?: () => void;
}

export interface KubeletOptions {
  store: StoreClient;
  clock: Clock;
  runtime: PodRuntime;
  /** does this kubelet run the pod? */
  serves: (pod: Pod) => boolean;
}

/**
 * Runs the pods of its node. It writes status only when the runtime reports something, so a status that was
 * set by hand stays until then.
 */
export class Kubelet {
  private readonly options: KubeletOptions;
  private readonly queue: WorkQueue;
  private readonly running = new Map<string, Running>();
  private stopped = false;

  constructor(options: KubeletOptions) {
    this.options = options;
    this.queue = new WorkQueue(options.clock, (key) => this.sync(key));
  }

  /** Writes nothing more; the runtime keeps running the pods. */
  stop(): void {
    this.stopped = true;
    this.queue.stop();
    for (const { cancelDeadline } of this.running.values()) cancelDeadline?.();
  }

  observe({ type, resource, object }: ObjectEvent): void {
    if (resource !== PODS) return;
    if (type === 'DELETED') this.kill(object as Pod);
    else this.queue.add(keyOf(object));
  }

  private kill(pod: Pod): void {
    const state = this.running.get(uidOf(pod));
    if (state === undefined) return;
    this.running.delete(uidOf(pod));
    state.cancelDeadline?.();
    if (state.endsAt === undefined) this.options.runtime.stop(pod, 0, () => undefined);
  }

  private sync(key: Key): void {
    const { namespace, name } = splitKey(key);
    const pod = this.options.store.get(PODS, namespace, name) as Pod | undefined;
    if (pod === undefined || !this.options.serves(pod)) return;
    const state = this.running.get(uidOf(pod));
    if (isDeleting(pod)) return this.terminate(pod, state);
    if (state === undefined) return isFinished(pod) ? undefined : this.start(pod);
    this.writeNews(pod, state);
  }

  private start(pod: Pod): void {
    const state: Running = {};
    this.running.set(uidOf(pod), state);
    this.options.runtime.start(pod, (report) => {
      state.news = report;
      this.queue.add(keyOf(pod));
    });
  }

  private writeNews(pod: Pod, state: Running): void {
    if (state.news === undefined) return;
    const status = podStatus(pod, state.news, now(this.options.clock));
    if (!isDeepStrictEqual(status, pod.status)) {
      this.options.store.update(PODS, { ...pod, status }, { subresource: 'status', fieldManager: 'kubelet' });
    }
    delete state.news;
  }

  private terminate(pod: Pod, state: Running | undefined): void {
    if (state === undefined) return this.remove(pod);
    this.writeNews(pod, state);
    const graceMs = Number(pod.metadata['deletionGracePeriodSeconds'] ?? 0) * 1000;
    const { clock, runtime } = this.options;
    const asked = state.endsAt !== undefined;
    // a later deletion can only shorten the grace period
    state.endsAt = Math.min(state.endsAt ?? Number.POSITIVE_INFINITY, clock.now() + graceMs);
    state.cancelDeadline?.();
    state.cancelDeadline = clock.after(state.endsAt - clock.now(), () => this.remove(pod));
    if (!asked) runtime.stop(pod, graceMs, () => this.remove(pod));
  }

  private remove(pod: Pod): void {
    if (this.stopped) return;
    this.running.get(uidOf(pod))?.cancelDeadline?.();
    this.running.delete(uidOf(pod));
    const { namespace, name } = pod.metadata;
    const there = this.options.store.get(PODS, namespace, name);
    if (there === undefined || uidOf(there) !== uidOf(pod)) return;
    this.options.store.delete(PODS, namespace, name, { gracePeriodSeconds: 0, uid: uidOf(pod) });
  }
}
