import { fenced, type Matcher } from '../../promql/fence.ts';
import type { PrometheusClient } from './client.ts';

/** A client that adds the matcher to each query, so that queries only read series with this label. */
export function fencedClient(client: PrometheusClient, matcher: Matcher): PrometheusClient {
  return {
    instant: async (promql, timeMs, options) => {
      const limited = fenced(promql, matcher);
      if (limited.ok) return client.instant(limited.query, timeMs, options);
      const sentence = `the query cannot be limited to ${matcher.label} ${matcher.value}: ${limited.sentence}`;
      return { ok: false, outcome: 'badQuery', sentence };
    },
    close: () => {
      client.close();
    },
  };
}
