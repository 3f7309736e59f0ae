import { fenced, type Matcher } from '../../promql/fence.ts';
import type { PrometheusClient } from './client.ts';

/** Lets no query through that reads series without this label. */
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
