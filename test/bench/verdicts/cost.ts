import { PLAIN } from './errors.ts';
import { FAMILIES } from './families.ts';
import type { Series } from './group.ts';
import { collect } from './group.ts';
import type { ErrorNumbers } from './watch.ts';
import { errorNumbers, errorTemplate, learnt, METRIC, Watch } from './watch.ts';
import { canaryTraffic, stableTraffic } from './traffic.ts';

/** What judging costs on one core: windows judged per second, and the bytes kept per metric. */

const SERVICE = { ...PLAIN, family: FAMILIES.bb10, tickSeconds: 15 };
const BLOCKS = 9;
const BLOCK_MS = 400;

/** One bursty hour of 240 windows, over and over. `scale` shortens the measurement. */
export function costSeries(scale: number): Series {
  const series: Series = {};
  for (const byPod of [false, true]) {
    const name = byPod ? 'ranks' : 'counts';
    const hour = new Hour(byPod);
    hour.judge();
    for (let block = 0; block < BLOCKS; block++) {
      const { perSecond, bytes } = hour.block(BLOCK_MS * scale);
      collect(series, { [`cost/${name}/perSecond`]: perSecond, [`cost/${name}/bytes`]: bytes });
    }
  }
  return series;
}

class Hour {
  readonly #template = errorTemplate(SERVICE.tickSeconds);
  readonly #windows: readonly ErrorNumbers[];
  readonly #from;

  constructor(byPod: boolean) {
    const stable = stableTraffic(SERVICE, ['cost', 1]);
    const canary = canaryTraffic(SERVICE, ['cost', 1], 1);
    this.#from = learnt(this.#template, 1, stable.history, byPod);
    this.#windows = canary.map((counts, tick) =>
      errorNumbers({ canary: counts, stable: stable.live[tick]! }, { byPod }),
    );
  }

  /** Bytes of the metric's statistics after an hour. */
  judge(): number {
    const watch = new Watch(this.#template, 1).from(this.#from);
    for (const numbers of this.#windows) watch.look(numbers);
    return JSON.stringify(watch.state.metrics[METRIC]).length;
  }

  block(ms: number): { perSecond: number; bytes: number } {
    const start = performance.now();
    let [windows, bytes] = [0, 0];
    while (performance.now() - start < ms) {
      bytes = this.judge();
      windows += this.#windows.length;
    }
    return { perSecond: (windows / (performance.now() - start)) * 1000, bytes };
  }
}
