import type { Job } from '../job.ts';
import type { Endpoint, Heard, Session } from '../source.ts';
import { countByLabel } from './by-label.ts';
import type { Answer, PrometheusClient } from './client.ts';
import { measureErrorRate } from './error-rate.ts';
import { fencedClient } from './fenced.ts';
import { joinedClient } from './joined.ts';
import { measureLatency } from './latency.ts';
import { askNumber } from './number.ts';
import { repeatedSeries } from './repeated.ts';
import { measureShare } from './share.ts';

export function endpointOver(client: PrometheusClient): Endpoint {
  return {
    session: (namespace, heard) => sessionOver(askedOnce(joinedClient(askedFor(client, namespace)), heard)),
    close: () => {
      client.close();
    },
  };
}

function sessionOver(client: PrometheusClient): Session {
  const of = ({ fence }: Job): PrometheusClient =>
    fence === undefined ? client : fencedClient(client, fence);
  return {
    number: (job, query) => askNumber(job, query, of(job)),
    counts: (job, queries) => measureErrorRate(job, queries, of(job)),
    histograms: (job, queries) => measureLatency(job, queries, of(job)),
    share: (job, queries) => measureShare(job, queries, of(job)),
    byLabel: (job, question) => countByLabel(job, question, of(job)),
  };
}

/** Whose queries they are: namespaces take turns. */
function askedFor(client: PrometheusClient, namespace: string): PrometheusClient {
  return {
    instant: (promql, timeMs, options) => client.instant(promql, timeMs, { ...options, namespace }),
    close: () => undefined,
  };
}

/** Asks each query only once: the counters of the share are often those of a metric as well. */
function askedOnce(client: PrometheusClient, heard: Heard | undefined): PrometheusClient {
  const asked = new Map<string, Promise<Answer>>();
  const ask: PrometheusClient['instant'] = async (promql, timeMs, options) => {
    const answer = await client.instant(promql, timeMs, options);
    if (heard !== undefined) tell(heard, promql, answer);
    return answer;
  };
  return {
    instant(promql, timeMs, options) {
      if (options?.bulk === true) return ask(promql, timeMs, options);
      const key = `${timeMs} ${promql}`;
      const answer = asked.get(key) ?? ask(promql, timeMs, options);
      asked.set(key, answer);
      return answer;
    },
    close: () => undefined,
  };
}

function tell(heard: Heard, promql: string, answer: Answer): void {
  if (!answer.ok) {
    if (answer.said !== undefined) heard.refused(promql, answer.said);
    return;
  }
  const note = repeatedSeries(answer.series);
  if (note !== undefined) heard.note(note);
}
