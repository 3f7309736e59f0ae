import { eventLines } from '../../kube/lines.ts';
import type { KubeRequest, KubeResponse, Transport } from '../../kube/types.ts';
import type { ApiResponse, ApiServer } from '../../playground/apiserver/contract.ts';

export { settle, VirtualClock } from './virtual-clock.ts';

/** A Transport that passes requests directly to an embedded API server: no sockets, no real time. */
export function inProcessTransport(server: Pick<ApiServer, 'handle'>, token?: string): Transport {
  return {
    async request(request: KubeRequest): Promise<KubeResponse> {
      request.signal?.throwIfAborted();
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
      const answer = server.handle({
        method: request.method,
        url: request.url,
        headers,
        body: request.body ?? '',
      });
      const response = await untilAborted(answer, request.signal);
      return {
        status: response.status,
        headers: response.headers,
        text: async () => readAll(chunksOf(response, request.signal)),
        lines: () => eventLines(chunksOf(response, request.signal)),
      };
    },
  };
}

async function readAll(chunks: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of chunks) text += chunk;
  return text;
}

async function* chunksOf(response: ApiResponse, signal?: AbortSignal): AsyncGenerator<string> {
  if (typeof response.body === 'string') {
    yield response.body;
    return;
  }
  const iterator = response.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await untilAborted(iterator.next(), signal);
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    // Not awaited: a generator that waits for its next event answers only after that event.
    void iterator.return?.();
  }
}

/** Rejects as fetch does when the signal fires first. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
