import { openHttp } from '../../../analysis/measure/http/endpoint.ts';
import type { Endpoint } from '../../../analysis/measure/source.ts';
import { Side } from './side.ts';

/** Serves a document with the present counts for each Service. */
export class HttpSide extends Side {
  readonly name: string = 'http';
  readonly queries = { bad: '/counts/{{service}}#/bad', total: '/counts/{{service}}#/total' };
  readonly number = this.queries.bad;

  protected open(url: string, timeoutMs: number): Promise<Endpoint> {
    return Promise.resolve(openHttp(url, { timeoutMs }));
  }

  protected answer(url: string): unknown {
    const now = this.history.at(-1)?.told;
    return (url === '/counts/web-canary' ? now?.canary : now?.stable) ?? {};
  }
}
