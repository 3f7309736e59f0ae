import { fnv1a } from '../../lib/hash.ts';
import { seeded } from '../../lib/random.ts';

/**
 * Keeps each of `count` events with probability `keep`, drawn from a hash of `key`: the same key always gives the same draw, so
 * a restarted program repeats it.
 */
export function thin(count: number, keep: number, key: string): number {
  const n = Math.round(count);
  if (keep >= 1) return n;
  const random = seeded(fnv1a(key));
  if (n > MOST_DRAWS) return Math.round(n * keep + normal(random) * Math.sqrt(n * keep * (1 - keep)));
  let kept = 0;
  for (let i = 0; i < n; i++) if (random() < keep) kept++;
  return kept;
}

/** Uniform numbers in (0, 1), always the same ones for a `key`. */
export function uniformsOf(key: string): () => number {
  const random = seeded(fnv1a(key));
  return () => Math.max(random(), 2 ** -33);
}

const MOST_DRAWS = 500;

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
