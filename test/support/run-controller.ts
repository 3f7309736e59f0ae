import { pino } from 'pino';
import { afterEach, beforeEach } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { RESOURCES } from '../../api/resources.ts';
import { parseFlags } from '../../controller/config.ts';
import { run } from '../../controller/run.ts';
import type { Transport } from '../../kube/types.ts';
import { getString } from '../../lib/json.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';
import { decide } from '../../release/decide.ts';
import type { Decision, Snapshot } from '../../release/model.ts';
import { seeded, startApi, type TestApi } from './api.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface Running {
  stop: AbortController;
  ended: Promise<'stopped' | 'lost'>;
}

/** The embedded API server with workloads, and real controllers for it, all on one virtual clock. */
export class ControllerWorld {
  readonly clock: VirtualClock;
  readonly api: TestApi;
  /** what the controllers logged */
  readonly lines: Record<string, unknown>[] = [];
  private readonly workloads: { stop(): void };

  private constructor(clock: VirtualClock, api: TestApi) {
    this.clock = clock;
    this.api = api;
    this.workloads = startWorkloads({ store: api.server.store, clock, runtime: fakeRuntime(clock) });
  }

  static async begin(): Promise<ControllerWorld> {
    const clock = new VirtualClock();
    return new ControllerWorld(clock, await startApi(clock, 'team', 'sluice-system'));
  }

  end(): void {
    this.workloads.stop();
    this.api.server.close();
  }

  /** Starts a controller; the test may replace only what it decides and how it reaches the API server. */
  start(
    identity: string,
    decision: (snapshot: Snapshot) => Decision = decide,
    transport: Transport = this.api.transport,
    hold = 'pause',
  ): Running {
    const flags = parseFlags(['--metrics-port', '0', '--hold', hold]);
    if (!flags.ok) throw new Error('flags');
    const stop = new AbortController();
    const sink = {
      write: (line: string) => void this.lines.push(JSON.parse(line) as Record<string, unknown>),
    };
    const ended = run(
      {
        config: flags.value,
        transport,
        identity,
        decide: decision,
        measure: () => Promise.resolve([]),
        clock: this.clock,
        cpuMs: () => process.cpuUsage().user / 1000,
        random: seeded(3),
        log: pino({ level: 'info', base: null }, sink),
        onBug: (error) => {
          throw error;
        },
      },
      stop.signal,
    );
    return { stop, ended };
  }

  async releases(): Promise<string[]> {
    const { items } = await this.api.client.list(RESOURCES.releases, { namespace: 'team' });
    return items.map(({ status }) => `${getString(status, 'phase')} ${getString(status, 'reason')}`);
  }

  said(text: string): Record<string, unknown>[] {
    return this.lines.filter((line) => line['msg'] === text);
  }
}

/** Gives each test of a file its own world. */
export function worldOfEachTest(): () => ControllerWorld {
  let world: ControllerWorld;
  beforeEach(async () => {
    world = await ControllerWorld.begin();
  });
  afterEach(() => world.end());
  return () => world;
}

/** A Deployment that has opted in. */
export const shop = (image: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'team', name: 'shop', annotations: { 'sluice.dev/policy': 'default' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'shop' } },
    template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'c', image }] } },
  },
});
