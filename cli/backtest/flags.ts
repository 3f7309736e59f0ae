import { parseDuration } from '../../lib/duration.ts';
import { UsageError } from '../io.ts';

const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

export function readTarget(text: string): { namespace: string; name: string } {
  const [namespace = '', name = '', ...more] = text.split('/');
  if (more.length === 0 && NAME.test(namespace) && NAME.test(name)) return { namespace, name };
  throw new UsageError(`--target: "${text}" is not namespace/name; give the Deployment like shop/checkout`);
}

/** Times in RFC 3339, or how long ago. */
export function readRange(
  { from, to }: { from: string; to: string },
  nowMs: number,
): { startMs: number; endMs: number } {
  const startMs = readTime('--from', from, nowMs);
  const endMs = readTime('--to', to, nowMs);
  if (startMs >= endMs)
    throw new UsageError(`--from: "${from}" is not before --to (${to}); give an earlier time`);
  if (endMs > nowMs) throw new UsageError(`--to: "${to}" lies in the future; give a time that has passed`);
  return { startMs, endMs };
}

function readTime(flag: string, text: string, nowMs: number): number {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const ms = /^\d{4}-\d\d-\d\d(T.*(Z|[-+]\d\d:\d\d))?$/i.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new UsageError(
    `${flag}: "${text}" is not a time; give RFC 3339 like 2026-01-31T12:00:00Z, or how long ago like 24h`,
  );
}

export function readWhole(flag: string, text: string, { min, max }: { min: number; max: number }): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : NaN;
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag}: "${text}" is not usable; give a whole number from ${min} to ${max}`);
}
