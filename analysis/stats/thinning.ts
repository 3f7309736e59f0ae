/**
 * Keeps each of `count` events with probability `keep`, drawn from a hash of `key`: the same key always gives the same draw, so
 * a restarted program repeats it.
 */
export function thin(count: number, keep: number, key: string): number {
  const n = Math.round(count);
  if (keep >= 1) return n;
  const random = uniforms(hash(key));
  if (n > MOST_DRAWS) return Math.round(n * keep + normal(random) * Math.sqrt(n * keep * (1 - keep)));
  let kept = 0;
  for (let i = 0; i < n; i++) if (random() < keep) kept++;
  return kept;
}

/** Uniform numbers in (0, 1), always the same ones for a `key`. */
export function uniformsOf(key: string): () => number {
  const random = uniforms(hash(key));
  return () => Math.max(random(), 2 ** -33);
}

const MOST_DRAWS = 500;

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}

/** mulberry32 */
function uniforms(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
