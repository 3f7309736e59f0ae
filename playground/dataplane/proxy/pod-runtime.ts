import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import type { KubeObject } from '../../../api/kube.ts';
import { programOf } from '../../../lib/place.ts';
import type { PodReport, PodRuntime } from '../../apiserver/contract.ts';
import { DEFAULT_TIMES } from './pod-host.ts';
import type { HostCommand, HostEvent } from './pod-host.ts';
import type { PodTimes } from './pod-process.ts';
import { podSpecOf } from './pod-spec.ts';

export interface HttpPodRuntimeOptions {
  seed: number;
  /** called if the pod host dies, or says, in one sentence, why it cannot run pods */
  onFatal: (sentence: string) => void;
  times?: Partial<PodTimes>;
}

interface RunningPod {
  report: (state: PodReport) => void;
  stopped?: () => void;
}

/** Runs pods as real HTTP servers on loopback, in one child process that ends with this one. */
export class HttpPodRuntime implements PodRuntime {
  private readonly child: ChildProcess;
  private readonly pods = new Map<string, RunningPod>();
  private readonly options: HttpPodRuntimeOptions;
  private closed = false;

  constructor(options: HttpPodRuntimeOptions) {
    this.options = options;
    this.child = fork(programOf('playground'), ['pod-host'], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.child.on('message', (message) => this.receive(message as HostEvent));
    this.child.on('exit', (code, signal) => {
      if (!this.closed) options.onFatal(`the pod host ended (${signal ?? `exit code ${code ?? 0}`})`);
    });
    this.send({ do: 'configure', seed: options.seed, times: { ...DEFAULT_TIMES, ...options.times } });
  }

  start(pod: KubeObject, report: (state: PodReport) => void): void {
    const spec = podSpecOf(pod);
    this.pods.set(spec.uid, { report });
    this.send({ do: 'start', spec });
  }

  stop(pod: KubeObject, graceMs: number, stopped: () => void): void {
    const uid = pod.metadata.uid ?? '';
    const known = this.pods.get(uid);
    if (known === undefined) return stopped();
    known.stopped = stopped;
    this.send({ do: 'stop', uid, graceMs });
  }

  /** Ends the pod host and so every pod. */
  close(): void {
    this.closed = true;
    this.child.kill('SIGKILL');
  }

  private receive(event: HostEvent): void {
    if (event.event === 'fatal') return this.options.onFatal(event.sentence);
    const pod = this.pods.get(event.uid);
    if (pod === undefined) return;
    if (event.event === 'report') return pod.report(event.report);
    this.pods.delete(event.uid);
    pod.stopped?.();
  }

  private send(command: HostCommand): void {
    if (this.child.connected) this.child.send(command);
  }
}
