const UNITS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };

/**
 * Parses "1.5s", "1m30s", "500ms", the durations of Go, the Gateway API and Istio. Undefined for 0 and for
 * text that cannot be read.
 */
export function milliseconds(text: string | undefined): number | undefined {
  const parts = [...(text ?? '').matchAll(/([\d.]+)(ms|[hms])/g)];
  const sum = parts.reduce((all, [, number = '', unit = '']) => all + Number(number) * (UNITS[unit] ?? 0), 0);
  return sum > 0 ? sum : undefined;
}
