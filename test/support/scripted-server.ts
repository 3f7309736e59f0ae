import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '../../kube/http.ts';
import type { Connection } from '../../kube/http.ts';

/** One request as it arrived, which the test answers. */
export interface Exchange {
  method: string;
  url: URL;
  headers: http.IncomingHttpHeaders;
  body: string;
  /** answers with JSON (or text as it is) and ends */
  answer(status: number, body: unknown, headers?: Record<string, string | string[]>): void;
  /** begins a 200 answer that stays open */
  open(): void;
  /** one watch event, as a line */
  event(type: string, object: unknown): void;
  /** a part of the body, as it is */
  raw(text: string): void;
  end(): void;
  /** cuts the connection */
  destroy(): void;
  /** resolves when the client has disconnected */
  closed: Promise<void>;
}

/** A real HTTP server on loopback; the test gives its answers one by one. */
export class ScriptedServer {
  readonly #server: http.Server;
  readonly #waiting: Exchange[] = [];
  readonly #takers: ((exchange: Exchange) => void)[] = [];
  #dir = '';
  #connection: Connection | undefined;
  requests = 0;

  constructor() {
    this.#server = http.createServer((request, response) => void this.#receive(request, response));
  }

  static async start(): Promise<ScriptedServer> {
    const scripted = new ScriptedServer();
    await new Promise<void>((resolve) => scripted.#server.listen(0, '127.0.0.1', resolve));
    scripted.#dir = await mkdtemp(join(tmpdir(), 'sluice-test-'));
    return scripted;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The production transport, with a kubeconfig for this server. */
  async connect(user: Record<string, unknown> = {}): Promise<Connection> {
    const file = join(this.#dir, 'kubeconfig');
    await writeFile(
      file,
      JSON.stringify({
        'current-context': 'test',
        clusters: [{ name: 'test', cluster: { server: this.url } }],
        users: [{ name: 'test', user }],
        contexts: [{ name: 'test', context: { cluster: 'test', user: 'test', namespace: 'team' } }],
      }),
    );
    this.#connection = connect({ kubeconfig: file, userAgent: 'sluice-test' });
    return this.#connection;
  }

  /** The next request that the test has not taken yet; waits for it. */
  next(): Promise<Exchange> {
    const first = this.#waiting.shift();
    if (first !== undefined) return Promise.resolve(first);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  async close(): Promise<void> {
    this.#connection?.close();
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
    await rm(this.#dir, { recursive: true });
  }

  async #receive(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    this.requests += 1;
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    let body = '';
    request.setEncoding('utf8');
    for await (const chunk of request as AsyncIterable<string>) body += chunk;
    const exchange: Exchange = {
      method: request.method ?? '',
      url: new URL(request.url ?? '', 'http://test'),
      headers: request.headers,
      body,
      answer: (status, value, headers = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers });
        response.end(typeof value === 'string' ? value : JSON.stringify(value));
      },
      open: () => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.flushHeaders();
      },
      event: (type, object) => response.write(`${JSON.stringify({ type, object })}\n`),
      raw: (text) => response.write(text),
      end: () => response.end(),
      destroy: () => request.socket.destroy(),
      closed,
    };
    const taker = this.#takers.shift();
    if (taker === undefined) this.#waiting.push(exchange);
    else taker(exchange);
  }
}
