import { bet } from './bet.ts';
import type { Game } from './placebo-table.ts';

/** What placebos would have earned at some dispersion. */

const SAFETY_SE = 0.25;

/** Per pod and window: ln of what the bet on `g` earns (λ = 1, δ = 0); NaN where the pod did not serve. */
export function logWealths({ ratios, pods }: Game, phi: number, g: number): Float64Array[] {
  const played = ratios.map((r) => bet(g, r, phi));
  return pods.map(({ x, others, ratio }) => {
    const logs = new Float64Array(ratio.length);
    // A plain loop, because calibration reads this for every bet at every φ.
    for (let t = 0; t < ratio.length; t++) {
      const each = played[ratio[t] ?? -1];
      logs[t] = each === undefined ? NaN : each.s1 * (x[t] ?? 0) + each.s0 * (others[t] ?? 0);
    }
    return logs;
  });
}

/** Does the mean wealth of all placebo blocks of this many windows, with a margin for chance, exceed the stake? */
export function pays(logs: readonly Float64Array[], ticks: number): boolean {
  let [count, sum, squares] = [0, 0, 0];
  for (const pod of logs) {
    for (let start = 0; start + ticks <= pod.length; start += ticks) {
      const log = sumOfServed(pod, start, start + ticks);
      if (log === undefined) continue;
      const wealth = Math.exp(Math.min(log, 300));
      count++;
      sum += wealth;
      squares += wealth * wealth;
    }
  }
  if (count === 0) return false;
  const mean = sum / count;
  const error = Math.sqrt(Math.max(0, squares / count - mean * mean) / count);
  return mean + SAFETY_SE * error > 1;
}

function sumOfServed(logs: Float64Array, from: number, to: number): number | undefined {
  let sum = 0;
  let served = false;
  for (let t = from; t < to; t++) {
    const log = logs[t] ?? NaN;
    if (Number.isNaN(log)) continue;
    sum += log;
    served = true;
  }
  return served ? sum : undefined;
}
