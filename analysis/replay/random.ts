import { seeded, type Random } from '../../lib/random.ts';

/** A separate seed for each part of something that has a seed. */
export function childSeed(seed: number, part: number): number {
  return Math.floor(
    seeded(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) + Math.imul(part + 1, 0xc2b2ae35))() * 2 ** 32,
  );
}

/** From this variance on, a rounded normal variate is good enough. */
const NORMAL_FROM = 400;

/** How many of `count` independent events with probability `p` happen; a fraction of an event counts as one with that chance. */
export function binomial(count: number, p: number, random: Random): number {
  const n = Math.floor(count) + (random() < count - Math.floor(count) ? 1 : 0);
  if (p <= 0 || n === 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - successes(n, 1 - p, random);
  return successes(n, p, random);
}

function successes(n: number, p: number, random: Random): number {
  if (n * p * (1 - p) > NORMAL_FROM) {
    const value = Math.round(n * p + normal(random) * Math.sqrt(n * p * (1 - p)));
    return Math.min(n, Math.max(0, value));
  }
  // the gaps between successes are geometric
  const log = Math.log1p(-p);
  let count = 0;
  for (let at = gap(log, random); at <= n; at += gap(log, random)) count++;
  return count;
}

function gap(log: number, random: Random): number {
  return 1 + Math.floor(Math.log1p(-random()) / log);
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log1p(-random())) * Math.cos(2 * Math.PI * random());
}

/** In random order (Fisher and Yates). */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const mixed = [...items];
  for (let i = mixed.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [mixed[i], mixed[j]];
    if (a === undefined || b === undefined) continue;
    mixed[i] = b;
    mixed[j] = a;
  }
  return mixed;
}
