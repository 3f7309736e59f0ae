import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeRequest } from '../../kube/types.ts';
import { live, type Fate } from './mortal.ts';
import { BORROWED, NO_PROMETHEUS } from './lane.ts';
import { Stage, WHY } from './steps.ts';
import { PROVIDERS, type Subject } from './targets.ts';

/** One controller for each namespace: each of them dies at every write, and they do not affect each other. */
class Lives {
  readonly deaths = new Map<string, string[]>();
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;

  constructor(stage: Stage) {
    this.#running = Promise.all(stage.subjects.map((subject) => this.#all(stage, subject)));
    this.#running.catch(() => undefined); // a failure is reported to the test that waits for it
  }

  /** Waits for something that they do; a bug in one of them ends the wait. */
  async until(done: Promise<void>): Promise<void> {
    await Promise.race([done, this.#running]);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #all(stage: Stage, { name }: Subject): Promise<void> {
    const deaths: string[] = [];
    this.deaths.set(name, deaths);
    let lost: string | undefined;
    /** A lost write passes when it is repeated; of the other writes, every second one is lost. */
    const fate = ({ method, url }: KubeRequest): Fate => {
      const [path = ''] = url.split('?');
      const write = `${method} ${path}`;
      if (!path.includes(`/namespaces/${name}/`)) return 'none';
      const again = write === lost;
      lost = undefined;
      if (again) return 'none';
      const ends = deaths.length % 2 === 0 ? 'before' : 'after';
      if (ends === 'before') lost = write;
      deaths.push(`${ends} ${write}`);
      return ends;
    };
    const flags = [
      '--hold=pause',
      '--no-leader-election',
      '--metrics-port=0',
      '--min-interval=1s',
      '--scrape-lag=1s',
      `--namespace=${name}`,
      NO_PROMETHEUS,
    ];
    while (!this.#stop.signal.aborted)
      await live({ kubeconfig: stage.lane.account, flags, fate }, this.#stop.signal);
  }
}

let stage: Stage;
let lives: Lives;

describe.skipIf(BORROWED !== undefined)(`a controller that dies at every write of a release${WHY}`, () => {
  beforeAll(async () => {
    stage = await Stage.start(PROVIDERS, 'pause');
    lives = new Lives(stage);
    await lives.until(stage.sight.until(PROVIDERS, /^Promoted\/Initial$/));
  });

  afterAll(async () => {
    await lives.stop();
    await stage.stop();
  });

  it('ends as if nothing had happened, by every provider', async () => {
    await stage.release('v2', 'v1');
    await lives.until(stage.sight.untilSplit(PROVIDERS));
    await stage.promote('v2');
    await lives.until(stage.sight.until(PROVIDERS, /^Promoted\/PromotedByHuman$/));
    await stage.expectAtRest();
  });

  it('has died often enough, before writes and after them', () => {
    for (const [name, deaths] of lives.deaths) {
      const kinds = new Set(deaths.map((each) => each.split(' ')[0]));
      expect({ name, kinds, many: deaths.length > 15 }).toEqual({
        name,
        kinds: new Set(['before', 'after']),
        many: true,
      });
    }
  });
});
