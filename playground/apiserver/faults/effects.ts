/** What faults do to a request and to its answer. */
import type { ApiRequest, ApiResponse } from '../contract.ts';
import type { Clock } from '../../../lib/clock.ts';
import { ApiError } from '../errors.ts';
import { answerError, withHeader } from '../http/exchange.ts';
import { STATUSES } from './fault.ts';
import type { EffectName, Fault } from './fault.ts';
import type { Planned } from './plan.ts';

/** The connection ends without an answer. */
export class Dropped extends Error {}

type Next = (request: ApiRequest) => Promise<ApiResponse>;

const find = (struck: Planned[], effect: EffectName): Planned | undefined =>
  struck.find(({ fault }) => fault.effect === effect);

/** Handles the request as the faults demand; throws Dropped if there will be no answer. */
export async function withFaults(
  struck: Planned[],
  request: ApiRequest,
  next: Next,
  clock: Clock,
): Promise<ApiResponse> {
  for (const { fault } of struck) if (fault.effect === 'latency') await pause(clock, fault.ms);
  const lost = find(struck, 'error') ?? find(struck, 'drop');
  if (lost) {
    if (lost.fault.carriedOut) await next(request).then(closed);
    return failed(lost.fault);
  }
  if (find(struck, 'gone')) return gone(request);
  const stale = find(struck, 'stale');
  const response = await next(stale ? asOf(request, stale.since) : request);
  const cut = find(struck, 'endWatch') ?? find(struck, 'halfOpenWatch');
  if (!cut || typeof response.body === 'string') return response;
  return { ...response, body: cutShort(response.body, cut.fault) };
}

const pause = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.after(ms, resolve));

/** Ends an answer that no client will read. */
function closed({ body }: ApiResponse): void {
  if (typeof body !== 'string') void body[Symbol.asyncIterator]().return?.();
}

function failed(fault: Fault): ApiResponse {
  if (fault.effect === 'drop') throw new Dropped(`fault ${fault.id}: the connection is dropped`);
  const { status, retryAfter } = fault;
  const details = retryAfter === 0 ? {} : { retryAfterSeconds: retryAfter };
  const message = `fault ${fault.id}: asked for through /playground/faults`;
  const response = answerError(new ApiError(status, STATUSES[status] ?? '', message, details));
  return retryAfter === 0 ? response : withHeader(response, 'retry-after', String(retryAfter));
}

/** 410: a list is refused; a watch begins and ends with one ERROR event, as on a real server. */
function gone(request: ApiRequest): ApiResponse {
  const error = new ApiError(
    410,
    'Expired',
    'too old resource version: asked for through /playground/faults',
  );
  const { searchParams } = new URL(request.url, 'http://playground');
  const watch = searchParams.get('watch');
  if (watch !== 'true' && watch !== '1') return answerError(error);
  const body = `${JSON.stringify({ type: 'ERROR', object: error.status })}\n`;
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** The same list, of the collection as it was at `version`. */
function asOf(request: ApiRequest, version: number): ApiRequest {
  const url = new URL(request.url, 'http://playground');
  if (url.searchParams.has('continue')) return request;
  url.searchParams.set('resourceVersion', String(version));
  url.searchParams.set('resourceVersionMatch', 'Exact');
  return { ...request, url: url.pathname + url.search };
}

/** Passes on `events` events; then the stream ends, or stays open and silent until the client disconnects. */
class CutStream implements AsyncIterable<string>, AsyncIterator<string> {
  readonly #inner: AsyncIterator<string>;
  readonly #halfOpen: boolean;
  #left: number;
  #leave: (() => void) | undefined;

  constructor(body: AsyncIterable<string>, fault: Fault) {
    this.#inner = body[Symbol.asyncIterator]();
    this.#halfOpen = fault.effect === 'halfOpenWatch';
    this.#left = fault.events;
  }

  async next(): Promise<IteratorResult<string>> {
    if (this.#left === 0) return this.#cut();
    const result = await this.#inner.next();
    if (result.done === true) return result;
    const lines = result.value.split('\n').filter((line) => line !== '');
    const kept = lines.slice(0, this.#left);
    this.#left -= kept.length;
    return { value: `${kept.join('\n')}\n`, done: false };
  }

  async #cut(): Promise<IteratorResult<string>> {
    await this.#inner.return?.();
    if (this.#halfOpen) await new Promise<void>((resolve) => (this.#leave = resolve));
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<string>> {
    this.#leave?.();
    await this.#inner.return?.();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}

const cutShort = (body: AsyncIterable<string>, fault: Fault): AsyncIterable<string> =>
  new CutStream(body, fault);
