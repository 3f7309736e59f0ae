import { expect } from 'vitest';
import type { Histogram } from '../../../api/analysis.ts';
import type { PrometheusClient } from '../../../analysis/measure/prometheus/client.ts';
import { eventually } from '../eventually.ts';
import type { Seen } from './clients.ts';

export const by = (arm: string) => (seen: Seen) => seen.arm === arm;

/** How many requests the arm answered; "": the gateway itself. */
export const of = (seen: readonly Seen[], arm: string): number => seen.filter(by(arm)).length;

/** The numbers of "3 of 20". */
export const numbers = (text: string): { bad: number; total: number } => {
  const [bad = NaN, total = NaN] = text.split(' of ').map(Number);
  return { bad, total };
};

/** Envoy updates its histograms a moment after the answer. */
export const histogramsHave = (count: number, route: string, client: PrometheusClient) =>
  eventually(async () => {
    const query = `sum(envoy_cluster_upstream_rq_time_count{envoy_cluster_name=~".*/${route}/.*"})`;
    const answer = await client.instant(query, Date.now());
    expect(answer.ok && answer.series[0]?.samples[0]?.value).toBe(count);
  });

/** For the gateway each request took longer than for the back end, and less time than for the client. */
export function between({ bounds, counts }: Histogram, clients: number[], arm: number[]): void {
  const upTo = (all: number[], seconds: number) => all.filter((each) => each <= seconds).length;
  let below = 0;
  bounds.forEach((ms, i) => {
    below += counts[i] ?? 0;
    // Envoy's histograms have a precision of two digits
    expect(below, `up to ${ms} ms`).toBeGreaterThanOrEqual(upTo(clients, (ms * 0.95 - 1) / 1000));
    expect(below, `up to ${ms} ms`).toBeLessThanOrEqual(upTo(arm, (ms * 1.05 + 1) / 1000));
  });
}
