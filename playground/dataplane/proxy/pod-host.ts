import type { PodReport } from '../../apiserver/contract.ts';
import { AddressPool } from './addresses.ts';
import { PodProcess } from './pod-process.ts';
import type { PodTimes } from './pod-process.ts';
import type { PodSpec } from './pod-spec.ts';
import { fnv1a } from '../../../lib/hash.ts';
import { seeded } from '../../../lib/random.ts';

/** Messages from the kubelet's side. */
export type HostCommand =
  | { do: 'configure'; seed: number; times: PodTimes }
  | { do: 'start'; spec: PodSpec }
  | { do: 'stop'; uid: string; graceMs: number };

/** Messages from the pod host. */
export type HostEvent =
  | { event: 'report'; uid: string; report: PodReport }
  | { event: 'stopped'; uid: string }
  | { event: 'fatal'; sentence: string };

export const DEFAULT_TIMES: PodTimes = { drainMs: 3000, backOffMs: 10_000, backOffMaxMs: 300_000 };

/** All pods of one playground in one process; `send` sends events to the kubelet's side. */
export class PodHost {
  private readonly pods = new Map<string, PodProcess>();
  private readonly addresses: AddressPool;
  private readonly send: (event: HostEvent) => void;
  private seed = 1;
  private times = DEFAULT_TIMES;

  constructor(start: number, send: (event: HostEvent) => void) {
    this.addresses = new AddressPool(start);
    this.send = send;
  }

  handle(command: HostCommand): void {
    switch (command.do) {
      case 'configure':
        this.seed = command.seed;
        this.times = command.times;
        return;
      case 'start':
        return this.start(command.spec);
      case 'stop':
        void this.stop(command.uid, command.graceMs);
    }
  }

  private start(spec: PodSpec): void {
    const { uid } = spec;
    const pod = new PodProcess({
      spec,
      times: this.times,
      random: seeded(this.seed ^ fnv1a(uid)),
      bind: (listen) => this.addresses.bind(listen),
      report: (report) => this.send({ event: 'report', uid, report }),
    });
    this.pods.set(uid, pod);
    pod.start().catch((error: unknown) => {
      this.send({ event: 'fatal', sentence: error instanceof Error ? error.message : String(error) });
    });
  }

  private async stop(uid: string, graceMs: number): Promise<void> {
    await this.pods.get(uid)?.stop(graceMs);
    this.pods.delete(uid);
    this.send({ event: 'stopped', uid });
  }
}
