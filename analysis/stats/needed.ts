import type { Margin, Tick } from './bet.ts';
import { bet, informs } from './bet.ts';
import type { SafeWealth } from './process.ts';
import { SAFE_BETS } from './process.ts';

/**
 * The least number of canary requests the safe test still needs to reach `bar` (ln), if both rates stay as they are in
 * `seen`: the smallest number over all bets, each at its expected growth; by chance it may need many more. `undefined`:
 * at these rates it would never reach it.
 */
export function moreRequests(
  wealth: SafeWealth,
  seen: Tick,
  setting: { margin: Margin; phi: number },
  bar: number,
): number | undefined {
  if (!informs(seen)) return undefined;
  const stablePerCanary = seen.n0 / seen.n1;
  const p1 = seen.x1 / seen.n1;
  const p0 = seen.x0 / seen.n0;
  let fewest = Infinity;
  for (const [k, g] of SAFE_BETS.g.entries()) {
    const { s1, s0, kappa1 } = bet(g, (1 + setting.margin.relative) / stablePerCanary, setting.phi);
    const growth = s1 * p1 + s0 * p0 * stablePerCanary - setting.margin.absolute * kappa1;
    const missing = bar - (wealth[k] ?? 0) - Math.log(SAFE_BETS.w[k] ?? 0);
    if (growth > 0) fewest = Math.min(fewest, Math.max(0, missing / growth));
  }
  return Number.isFinite(fewest) ? Math.ceil(fewest) : undefined;
}
