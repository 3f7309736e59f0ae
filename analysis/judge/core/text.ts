import type { Tick } from '../../stats/bet.ts';

/** Numbers that are easy to read. */

/** 0.00512 → "0.512%"; three significant digits, no trailing zeros. */
export function percent(rate: number): string {
  return `${digits(rate * 100)}%`;
}

/** Three significant digits below 1000, whole numbers above; no exponent up to a million. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Math.abs(value) >= 1e6) return value.toExponential(1);
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  if (value !== 0 && Math.abs(value) < 1e-6) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** A count of requests: whole where it is nearly whole. */
export function count(value: number): string {
  return value >= 100 || Math.abs(value - Math.round(value)) < 0.01
    ? String(Math.round(value))
    : digits(value);
}

/** Evidence from its logarithm: 5.48 → "240"; beyond a million only "more than a million". */
export function evidence(log: number): string {
  return log > Math.log(1e6) ? 'more than a million' : digits(Math.exp(log));
}

/** "canary 5.1% errors (102/2000) against 0.5% (95/19000)" */
export function arms({ n1, x1, n0, x0 }: Tick): string {
  return `canary ${rate(x1, n1)} errors (${count(x1)}/${count(n1)}) against ${rate(x0, n0)} (${count(x0)}/${count(n0)})`;
}

function rate(bad: number, total: number): string {
  return total > 0 ? percent(bad / total) : 'no';
}
