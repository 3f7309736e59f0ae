import { createPrometheusClient } from '../../../analysis/measure/prometheus/client.ts';
import { endpointOver } from '../../../analysis/measure/prometheus/endpoint.ts';
import type { Endpoint } from '../../../analysis/measure/source.ts';
import type { Series } from '../../../analysis/measure/prometheus/answer.ts';
import { answerTo, type Told } from '../told-prometheus.ts';
import { Side } from './side.ts';

/** Serves two counters of each Service, and `up`, with Prometheus' query API. */
export class PrometheusSide extends Side {
  readonly name = 'prometheus';
  readonly queries = { bad: 'bad{service="{{service}}"}', total: 'total{service="{{service}}"}' };
  readonly number = this.queries.bad;

  protected open(url: string, timeoutMs: number): Promise<Endpoint> {
    return Promise.resolve(endpointOver(createPrometheusClient({ url, timeoutMs })));
  }

  protected answer(_url: string, body: string): unknown {
    const form = new URLSearchParams(body);
    const query = form.get('query') ?? '';
    const timeMs = Number(form.get('time')) * 1000;
    const answer = answerTo(query, timeMs, this.#told(query, timeMs));
    if (!answer.ok) throw new Error(answer.sentence);
    const isRange = query.endsWith(']');
    return {
      status: 'success',
      data: {
        resultType: isRange ? 'matrix' : 'vector',
        result: answer.series.map(({ labels, samples }) => {
          const values = samples.map(({ timeMs: at, value }) => [at / 1000, String(value)]);
          return { metric: labels, ...(isRange ? { values } : { value: values.at(-1) }) };
        }),
      },
    };
  }

  /** Every selector with its samples, and its present value. */
  #told(query: string, timeMs: number): Told {
    const history = this.history.filter(({ atMs }) => atMs <= timeMs);
    const answers = ARMS.flatMap(({ arm, service, instance }) =>
      PARTS.flatMap((part) => {
        const labels = { job: 'web', instance };
        const samples = history.flatMap(({ atMs, told }) => {
          const value = told[arm]?.[part];
          return value === undefined ? [] : [{ timeMs: atMs, value }];
        });
        const now = history.at(-1)?.told[arm]?.[part];
        const selector = `${part}{service="${service}"}`;
        return [
          [`${selector}[315s]`, samples.length === 0 ? [] : [{ labels, samples }]],
          [selector, now === undefined ? [] : [{ labels, samples: [{ timeMs, value: now }] }]],
        ] as const;
      }),
    );
    return { ...Object.fromEntries(answers), ...(query.startsWith('up{') ? { [query]: upOf(history) } : {}) };
  }
}

const PARTS = ['bad', 'total'] as const;
const ARMS = [
  { arm: 'canary', service: 'web-canary', instance: 'canary' },
  { arm: 'stable', service: 'web', instance: 'stable' },
] as const;

/** Both are scraped each time. */
const upOf = (history: readonly { atMs: number }[]): Series[] =>
  ARMS.map(({ instance }) => ({
    labels: { job: 'web', instance },
    samples: history.map(({ atMs }) => ({ timeMs: atMs, value: 1 })),
  }));
