import http, { type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:http2';

/** What a client saw of one request. */
export interface Seen {
  status: number;
  /** the arm that answered; "" if the gateway did */
  arm: string;
  seconds: number;
  headers: IncomingHttpHeaders;
}

export interface Load {
  port: number;
  path?: string;
  /** headers of the i-th request */
  headers?: (i: number) => Record<string, string>;
  method?: string;
  host?: string;
}

const AT_ONCE = 16;

/** Sends `count` requests, several at a time. */
export async function send(count: number, load: Load): Promise<Seen[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const seen: Seen[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) seen.push(await one(agent, load, next++));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
  return seen;
}

/** Sends requests one after another until it is stopped, and returns what they saw. */
export function sendUntil(load: Load): { stop(): Promise<Seen[]> } {
  const agent = new http.Agent({ keepAlive: true });
  const running = new AbortController();
  const sent = (async () => {
    const seen: Seen[] = [];
    while (!running.signal.aborted) seen.push(await one(agent, load, seen.length));
    agent.destroy();
    return seen;
  })();
  return {
    stop: () => {
      running.abort();
      return sent;
    },
  };
}

function one(agent: http.Agent, { port, path = '/', headers, method = 'GET', host }: Load, i: number) {
  return new Promise<Seen>((resolve, reject) => {
    const started = performance.now();
    const request = http.request({
      agent,
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { host: host ?? 'shop.example.com', ...headers?.(i) },
    });
    request.on('error', reject);
    request.on('response', (answer) => {
      answer.resume();
      answer.on('error', reject);
      answer.on('end', () => {
        resolve({
          status: answer.statusCode ?? 0,
          arm: String(answer.headers['x-arm'] ?? ''),
          seconds: (performance.now() - started) / 1000,
          headers: answer.headers,
        });
      });
    });
    request.end();
  });
}

/** Makes gRPC calls over one connection; returns the status of each. */
export async function call(
  count: number,
  { port, path = '/shop.Cart/Add', headers }: Load,
): Promise<number[]> {
  const session = connect(`http://127.0.0.1:${port}`);
  const statuses: number[] = [];
  for (let i = 0; i < count; i++) {
    const stream = session.request({
      ':method': 'POST',
      ':path': path,
      ':authority': 'shop.example.com',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers?.(i),
    });
    statuses.push(
      await new Promise<number>((resolve, reject) => {
        let status = -1;
        const read = (all: Record<string, unknown>): void => {
          if (all['grpc-status'] !== undefined) status = Number(all['grpc-status']);
        };
        stream.on('response', read);
        stream.on('trailers', read);
        stream.on('error', reject);
        stream.on('end', () => resolve(status));
        stream.resume();
        stream.end(Buffer.from([0, 0, 0, 0, 0]));
      }),
    );
  }
  session.close();
  return statuses;
}
