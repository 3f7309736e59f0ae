import type { KubeObject } from '../../../api/kube.ts';
import type { PodReport, PodRuntime } from '../../apiserver/contract.ts';
import type { Clock } from '../../../lib/clock.ts';

/** Annotations of a pod that tell the fake runtime how to behave. */
export const FAKE = {
  /** milliseconds until Ready; 300 if absent */
  readyMs: 'fake/ready-ms',
  /** any value: the runtime never reports anything about the pod */
  neverReady: 'fake/never-ready',
  /** milliseconds from each start to a crash; the first restart is immediate, then CrashLoopBackOff: 10 s, 20 s, … */
  crashAfterMs: 'fake/crash-after-ms',
} as const;

const READY_MS = 300;
const STOP_MS = 100;
/**
 * One node starts its containers one after another, so similar pods do not become ready at the same moment.
 */
const APART_MS = 10;
const FIRST_PAUSE_MS = 10_000;
const LONGEST_PAUSE_MS = 300_000;

type Cancel = () => void;

/** Pods that do not really run: they only become ready, crash and end, on the given clock. */
export function fakeRuntime(clock: Clock): PodRuntime {
  return new FakeRuntime(clock);
}

class FakeRuntime implements PodRuntime {
  private readonly clock: Clock;
  private readonly pods = new Map<string, FakePod>();
  private started = 0;
  private lastStartAt = 0;

  constructor(clock: Clock) {
    this.clock = clock;
  }

  start(pod: KubeObject, report: (state: PodReport) => void): void {
    const annotations = pod.metadata.annotations ?? {};
    if (annotations[FAKE.neverReady] !== undefined) return;
    const number = this.started++;
    this.lastStartAt = Math.max(this.clock.now(), this.lastStartAt + APART_MS);
    const fake = new FakePod(this.clock, {
      readyMs: Number(annotations[FAKE.readyMs] ?? READY_MS),
      crashMs: Number(annotations[FAKE.crashAfterMs] ?? Number.POSITIVE_INFINITY),
      podIP: `10.244.${Math.floor(number / 250) % 250}.${(number % 250) + 1}`,
      report,
    });
    this.pods.set(pod.metadata.uid ?? '', fake);
    fake.run(this.lastStartAt - this.clock.now(), 0);
  }

  stop(pod: KubeObject, graceMs: number, stopped: () => void): void {
    this.pods.get(pod.metadata.uid ?? '')?.end();
    this.pods.delete(pod.metadata.uid ?? '');
    this.clock.after(Math.min(STOP_MS, graceMs), stopped);
  }
}

interface Behaviour {
  readyMs: number;
  crashMs: number;
  podIP: string;
  report: (state: PodReport) => void;
}

class FakePod {
  private readonly clock: Clock;
  private readonly behaviour: Behaviour;
  private timers: Cancel[] = [];

  constructor(clock: Clock, behaviour: Behaviour) {
    this.clock = clock;
    this.behaviour = behaviour;
  }

  run(delayMs: number, restartCount: number): void {
    const { readyMs, crashMs } = this.behaviour;
    this.timers = [];
    if (readyMs < crashMs) this.later(delayMs + readyMs, () => this.report({ restartCount, ready: true }));
    if (crashMs < Number.POSITIVE_INFINITY) this.later(delayMs + crashMs, () => this.crash(restartCount));
  }

  end(): void {
    for (const cancel of this.timers) cancel();
  }

  private crash(restarts: number): void {
    if (restarts === 0) return this.restart(1);
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (restarts - 1), LONGEST_PAUSE_MS);
    const message = `back-off ${pauseMs / 1000}s restarting failed container`;
    this.report({ restartCount: restarts, ready: false, waiting: { reason: 'CrashLoopBackOff', message } });
    this.later(pauseMs, () => this.restart(restarts + 1));
  }

  private restart(restartCount: number): void {
    this.report({ restartCount, ready: false });
    this.run(0, restartCount);
  }

  private later(ms: number, fn: () => void): void {
    this.timers.push(this.clock.after(ms, fn));
  }

  private report(state: Omit<PodReport, 'phase' | 'podIP'>): void {
    this.behaviour.report({ phase: 'Running', podIP: this.behaviour.podIP, ...state });
  }
}
