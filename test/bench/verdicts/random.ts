import type { Random } from '../../../lib/random.ts';
import { gamma } from '../../support/sampling.ts';

/** Random numbers of the benchmark: a key names each stream, so any run can be repeated by itself. */

/**
 * Uniform on [0, 1) from a key (sfc32, 128 bits of state): streams of different keys do not overlap within a
 * benchmark.
 */
export function randomOf(...key: readonly (string | number)[]): Random {
  const text = key.join('/');
  let [a, b, c, count] = [hash(text, 1), hash(text, 2), hash(text, 3), 1];
  const next = (): number => {
    const sum = (((a + b) | 0) + count) | 0;
    count = (count + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let i = 0; i < 12; i++) next();
  return next;
}

/** FNV-1a with a final avalanche; with different `salt` it gives independent words for one text. */
function hash(text: string, salt: number): number {
  let value = Math.imul(0x811c9dc5 ^ salt, 0x01000193);
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}

/** Below this mean the gaps between successes are drawn one by one. */
const FEW = 20;

/**
 * The number of successes in `n` trials. Exact; cost grows with the logarithm of n (Devroye 1986, X.4.3:
 * split at a beta median).
 */
export function binomial(n: number, p: number, random: Random): number {
  if (p >= 1) return n;
  if (p <= 0 || n <= 0) return 0;
  if (p > 0.5) return n - binomial(n, 1 - p, random);
  let [left, share, count] = [n, p, 0];
  while (left * share >= FEW) {
    const middle = (left >> 1) + 1;
    const at = beta(middle, left + 1 - middle, random);
    if (at <= share) {
      count += middle;
      left -= middle;
      share = (share - at) / (1 - at);
    } else {
      left = middle - 1;
      share /= at;
    }
  }
  return share >= 1 ? count + left : count + byGaps(left, share, random);
}

function byGaps(n: number, p: number, random: Random): number {
  const scale = Math.log1p(-p);
  let count = 0;
  for (let at = gap(scale, random); at <= n; at += gap(scale, random)) count++;
  return count;
}

function gap(scale: number, random: Random): number {
  return Math.floor(Math.log(1 - random()) / scale) + 1;
}

export function beta(a: number, b: number, random: Random): number {
  const x = gamma(a, random);
  return x / (x + gamma(b, random));
}
