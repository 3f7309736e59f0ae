import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Headers by which a client tells a back end what to do. */
export const ASK = {
  /** status of the answer */
  status: 'x-status',
  /** status of every attempt except the last; needs `tries` */
  first: 'x-first-status',
  /** the attempt that gets `status`, counting from 1 */
  tries: 'x-tries',
  /** any text that is the same in every attempt of one request */
  id: 'x-id',
  /** milliseconds */
  delay: 'x-delay',
} as const;

/** What one arm itself has seen. */
export class Arm {
  readonly name: string;
  /** attempts by the status with which they were answered */
  readonly answered: Record<string, number> = {};
  readonly seconds: number[] = [];
  /** the status for every request that asks for none */
  always = 200;
  #server: Server | Http2Server | undefined;
  #sockets = new Set<Socket>();
  readonly #attempts = new Map<string, number>();

  constructor(name: string) {
    this.name = name;
  }

  /** "bad of total", with these statuses as bad */
  counted(...bad: number[]): string {
    return `${bad.reduce((sum, status) => sum + (this.answered[status] ?? 0), 0)} of ${this.total}`;
  }

  get total(): number {
    return Object.values(this.answered).reduce((sum, count) => sum + count, 0);
  }

  /**
   * Listens with HTTP/1.1. Here the headers of a gRPC call have its status: that is `x-status`, and HTTP
   * answers 200.
   */
  listen(port = 0): Promise<number> {
    this.#server = createServer((request, response) => {
      const grpc = request.headers['content-type'] === 'application/grpc';
      void this.#answer(request.headers, grpc ? 0 : this.always).then((status) => {
        const headers = { 'x-arm': this.name, 'content-type': 'application/grpc', 'grpc-status': status };
        response.writeHead(grpc ? 200 : status, grpc ? headers : { 'x-arm': this.name });
        response.end();
      });
    });
    return this.#listen(this.#server, port);
  }

  /** Listens with gRPC without encryption: `x-status` is the status of the call, and HTTP answers 200. */
  listenGrpc(): Promise<number> {
    const server = createHttp2Server();
    server.on('stream', (stream, headers) => {
      stream.resume();
      void this.#answer(headers, 0).then((status) => endCall(stream, status));
    });
    this.#server = server;
    return this.#listen(server, 0);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async #answer(headers: Record<string, unknown>, fine: number): Promise<number> {
    const started = performance.now();
    const asked = (name: string): string | undefined => {
      const value = headers[name];
      return typeof value === 'string' ? value : undefined;
    };
    const delay = Number(asked(ASK.delay) ?? 0);
    if (delay > 0) await sleep(delay);
    const attempt = this.#attemptOf(asked(ASK.id));
    const early = attempt < Number(asked(ASK.tries) ?? 0);
    const status = Number(asked(early ? ASK.first : ASK.status) ?? fine);
    this.answered[status] = (this.answered[status] ?? 0) + 1;
    this.seconds.push((performance.now() - started) / 1000);
    return status;
  }

  #attemptOf(id: string | undefined): number {
    if (id === undefined) return 1;
    const attempt = (this.#attempts.get(id) ?? 0) + 1;
    this.#attempts.set(id, attempt);
    return attempt;
  }

  #listen(server: Server | Http2Server, port: number): Promise<number> {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    return new Promise((resolve) => {
      server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
    });
  }
}

function endCall(stream: ServerHttp2Stream, status: number): void {
  if (stream.destroyed) return;
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': String(status) }));
  stream.end(Buffer.from([0, 0, 0, 0, 0]));
}
