import type { BadOutcome } from '../../../api/analysis.ts';
import { parseAnswer } from './answer.ts';
import type { Series } from './answer.ts';
import { exchangeWith, type Exchange, type Limits, type Reply } from '../exchange.ts';
import { FairQueue } from '../../jobs/fair-queue.ts';

/** Asks one Prometheus (or anything that speaks its query API). */
export interface PrometheusClient {
  /**
   * evaluates `promql` at one instant, milliseconds since the epoch; never throws. `bulk`: the answer may be large, so
   * only one such query is asked at a time. `namespace`: whose query it is; namespaces take turns
   */
  instant(
    promql: string,
    timeMs: number,
    options?: { bulk?: boolean; namespace?: string | undefined },
  ): Promise<Answer>;
  /** closes idle connections */
  close(): void;
}

/** `range`: the query returns a range vector, however many samples that holds at the moment. */
export type Answer = { ok: true; series: Series[]; range?: true } | Failure;

export interface Failure {
  ok: false;
  outcome: BadOutcome;
  /** for status and logs: says what happened, never what the body held */
  sentence: string;
  /** Prometheus' own words about the query: only for a user at a terminal who gave its address, never for status or logs */
  said?: string;
  /** a shorter range may be answered */
  tooLarge?: true;
  /** it waited for its turn until it was given up */
  unasked?: true;
}

export interface PrometheusOptions {
  /** base URL, e.g. http://prometheus.monitoring:9090 or https://host/prefix */
  url: string;
  /** limit for one whole exchange; a query that waits three times as long for its turn is given up */
  timeoutMs?: number;
  /** a larger answer is refused; a `bulk` query may have an answer four times as large */
  maxBytes?: number;
}

const TIMEOUT_MS = 10_000;
/** All answers in memory together take about 44 MiB: few are that large, and each is held as text and as objects. */
const MAX_BYTES = 4 * 1024 * 1024;
const BULK = 4;
const CONNECTIONS = 8;
/** Queries of one namespace at a time. */
const EACH = 4;
/** A query may wait for its turn this many times the limit of one exchange. */
const WAITS = 3;

const UNASKED: Failure = {
  ...failure('timeout', 'Prometheus is too slow for the queries that wait for it'),
  unasked: true,
};

/** Asks at most 8 queries at a time, at most half of them for one namespace. */
export function createPrometheusClient(options: PrometheusOptions): PrometheusClient {
  const { url, timeoutMs = TIMEOUT_MS, maxBytes = MAX_BYTES } = options;
  const queue = new FairQueue({ concurrency: CONNECTIONS, each: EACH });
  const bulky = new FairQueue({ concurrency: 1 });
  const { exchange, close } = exchangeWith(url);
  return {
    instant(promql, timeMs, { bulk = false, namespace } = {}) {
      const limits = { timeoutMs, maxBytes: bulk ? BULK * maxBytes : maxBytes };
      const form = { query: promql, time: String(timeMs / 1000) };
      const inTurn = (): Promise<Answer> => {
        const latest = performance.now() + WAITS * timeoutMs;
        return queue.run(
          () => (performance.now() > latest ? Promise.resolve(UNASKED) : ask(exchange, form, limits)),
          namespace,
        );
      };
      return bulk ? bulky.run(inTurn, namespace) : inTurn();
    },
    close,
  };
}

async function ask(exchange: Exchange, form: Record<string, string>, limits: Limits): Promise<Answer> {
  // A partial answer (Thanos, Mimir) would be judged as if it were whole.
  const whole = { ...form, timeout: `${limits.timeoutMs}ms`, partial_response: 'false' };
  const reply = await exchange({ method: 'POST', path: 'api/v1/query', form: whole, limits });
  return reply.ok ? understand(reply) : unreachable(reply, limits);
}

/** Kinds of error Prometheus names in `errorType`; nothing else of an error's body is repeated. */
const TIMEOUTS = new Set(['timeout', 'canceled']);

function understand({ status, body }: Reply & { ok: true }): Answer {
  const answer = parseAnswer(body);
  if (status >= 300 && status < 400) {
    return failure(
      'serverError',
      `Prometheus answered with a redirect (HTTP ${status}), which is not followed; configure the final URL`,
    );
  }
  if (answer.kind === 'error' && TIMEOUTS.has(answer.errorType)) {
    return failure('timeout', 'Prometheus gave up evaluating the query in time');
  }
  if ((status === 400 || status === 422) && answer.kind === 'error') return refused(status, answer);
  if (status !== 200) return failure('serverError', statusSentence(status));
  switch (answer.kind) {
    case 'found':
      return found(answer.series, answer.range);
    case 'partial':
      return failure('serverError', 'Prometheus warns that its answer is incomplete');
    case 'doubtful':
      return failure('badQuery', 'Prometheus warns about the query; try it in Prometheus itself');
    case 'error':
      return failure('serverError', `Prometheus answered with an error (${answer.errorType})`);
    case 'unusable':
      return failure('badQuery', `the query returns ${answer.what}, which cannot be measured`);
    case 'garbage':
      return failure('serverError', 'the answer is not what a Prometheus query API returns');
  }
}

function refused(status: number, { errorType, error }: { errorType: string; error?: string }): Failure {
  const sentence = `Prometheus refused the query (HTTP ${status}, ${errorType}); try it in Prometheus itself`;
  return { ...failure('badQuery', sentence), ...(error === undefined ? {} : { said: error }) };
}

function found(series: Series[], range: boolean): Answer {
  return range ? { ok: true, series, range } : { ok: true, series };
}

function statusSentence(status: number): string {
  if (status === 401 || status === 403) return `Prometheus denies access (HTTP ${status})`;
  if (status === 404) return 'there is no Prometheus query API at the configured URL (HTTP 404)';
  if (status === 429) return 'Prometheus refuses so many queries (HTTP 429)';
  return `Prometheus answered with HTTP ${status}`;
}

function unreachable(reply: Reply & { ok: false }, { timeoutMs, maxBytes }: Limits): Failure {
  switch (reply.problem) {
    case 'timeout':
      return failure('timeout', `Prometheus did not answer within ${timeoutMs / 1000} s`);
    case 'tooLarge': {
      const sentence = `the answer is larger than ${Math.round(maxBytes / 1024)} KiB`;
      return { ...failure('serverError', sentence), tooLarge: true };
    }
    case 'unreachable':
      return failure('serverError', `Prometheus cannot be reached (${reply.code})`);
  }
}

function failure(outcome: BadOutcome, sentence: string): Failure {
  return { ok: false, outcome, sentence };
}
