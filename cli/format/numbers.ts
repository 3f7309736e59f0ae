/** Three or four significant digits, without exponents where people can read the plain number. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e6 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

/** "canaryErrors=3 canaryRequests=812" */
export function formatNumbers(numbers: Readonly<Record<string, number>>): string {
  return Object.entries(numbers)
    .map(([name, value]) => `${name}=${formatNumber(value)}`)
    .join(' ');
}

/** Age as kubectl shows it: "45s", "12m", "5h", "3d"; "<unknown>" without a time. */
export function formatAge(time: string | undefined, nowMs: number): string {
  const ms = nowMs - Date.parse(time ?? '');
  if (Number.isNaN(ms)) return '<unknown>';
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  if (seconds < 7_200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** "12:30:05" of an RFC 3339 time, in UTC. */
export function formatClock(time: string): string {
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? '--:--:--' : new Date(ms).toISOString().slice(11, 19);
}
