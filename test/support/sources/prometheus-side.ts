import { createPrometheusClient } from '../../../analysis/measure/prometheus/client.ts';
import { endpointOver } from '../../../analysis/measure/prometheus/endpoint.ts';
import type { Endpoint } from '../../../analysis/measure/source.ts';
import { Side, type Told } from './side.ts';

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
    const valueOf = ({ canary, stable }: Told): number | undefined => {
      if (query.startsWith('up{')) return 1;
      const counts = query.includes('"web-canary"') ? canary : stable;
      return query.startsWith('bad{') ? counts?.bad : counts?.total;
    };
    const samples = this.history
      .filter(({ atMs }) => atMs <= timeMs)
      .flatMap(({ atMs, told }) => {
        const value = valueOf(told);
        return value === undefined ? [] : [[atMs / 1000, String(value)] as const];
      });
    const metric = { job: 'web', instance: query.includes('canary') ? 'canary' : 'stable' };
    const last = this.history.findLast(({ atMs }) => atMs <= timeMs);
    const gone = last === undefined || valueOf(last.told) === undefined;
    if (query.endsWith(']'))
      return vector('matrix', samples.length === 0 ? [] : [{ metric, values: samples }]);
    return vector('vector', gone ? [] : [{ metric, value: samples.at(-1) }]);
  }
}

const vector = (resultType: string, result: unknown[]): unknown => ({
  status: 'success',
  data: { resultType, result },
});
