import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Counts } from '../../../api/analysis.ts';
import type { Endpoint } from '../../../analysis/measure/source.ts';

/** The true numbers behind a source, which the suite knows. */
export interface Told {
  canary: Counts | undefined;
  stable: Counts | undefined;
}

export type Fault = 'none' | 'silent' | 'error' | 'garbage' | 'redirect';

/** A source for the suite: a real server on loopback, and the end point that queries it. */
export abstract class Side {
  abstract readonly name: string;
  /** queries for both arms */
  abstract readonly queries: { bad: string; total: string };
  /** a query for the number of bad requests so far */
  abstract readonly number: string;
  fault: Fault = 'none';
  /** the number of requests that reached the server */
  asked = 0;
  /** the number of redirects that were followed */
  followed = 0;
  readonly history: { atMs: number; told: Told }[] = [];
  #server: Server | undefined;
  #endpoint: Endpoint | undefined;

  get endpoint(): Endpoint {
    if (this.#endpoint === undefined) throw new Error('the source is not started');
    return this.#endpoint;
  }

  /** Sets what is true from that time on. */
  tell(atMs: number, told: Told): void {
    this.history.push({ atMs, told });
  }

  async start(timeoutMs: number): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.#endpoint = await this.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, timeoutMs);
  }

  stop(): void {
    this.#endpoint?.close();
    this.#server?.closeAllConnections();
    this.#server?.close();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: string[] = [];
    request.setEncoding('utf8');
    for await (const chunk of request) chunks.push(String(chunk));
    const url = request.url ?? '';
    if (url === '/elsewhere') this.followed += 1;
    this.asked += 1;
    switch (this.fault) {
      case 'silent':
        return;
      case 'error':
        return void response.writeHead(500).end('{"secret":"detail"}');
      case 'garbage':
        return void response.end('<html>');
      case 'redirect':
        return void response.writeHead(302, { location: '/elsewhere' }).end();
      case 'none':
        return void response.end(JSON.stringify(this.answer(url, chunks.join(''))));
    }
  }

  protected abstract open(url: string, timeoutMs: number): Promise<Endpoint>;
  protected abstract answer(url: string, body: string): unknown;
}
