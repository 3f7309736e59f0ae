import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiRequest, ApiResponse, ApiServer } from './contract.ts';
import { foreign } from '../walls.ts';
import { ApiError } from './errors.ts';
import { PROTOBUF } from './http/body.ts';

export interface Listening {
  /** e.g. "http://127.0.0.1:8001" */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** The largest body, as on a real server. */
const MAX_BODY_BYTES = 3 * 1024 * 1024;

/**
 * Serves `api` over plain HTTP on loopback; port 0 picks a free one. Rejects if the port is taken. With a
 * `secret`, only requests whose path begins with it are served, as in http://127.0.0.1:8001/secret: kubectl
 * sends no token over plain HTTP, but it keeps the path of its server.
 */
export async function listen(
  api: Pick<ApiServer, 'handle'>,
  port: number,
  secret?: string,
): Promise<Listening> {
  const base = secret === undefined ? '' : `/${secret}`;
  const server = createServer((incoming, outgoing) => void exchange({ api, base }, incoming, outgoing));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${bound}${base}`, port: bound, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

interface Served {
  api: Pick<ApiServer, 'handle'>;
  /** the beginning of every path */
  base: string;
}

async function exchange(
  { api, base }: Served,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    await send(await api.handle(await readRequest(incoming, base)), outgoing);
  } catch (error) {
    // otherwise the client has disconnected, and no one would read an answer
    if (error instanceof ApiError) refuse(error, incoming, outgoing);
    else outgoing.destroy();
  }
}

/** Discards the rest of the request. */
function refuse({ code, status }: ApiError, incoming: IncomingMessage, outgoing: ServerResponse): void {
  incoming.resume();
  outgoing.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}

async function readRequest(incoming: IncomingMessage, base: string): Promise<ApiRequest> {
  const why = foreign(incoming);
  if (why !== undefined) throw new ApiError(403, 'Forbidden', why);
  const { url = '/' } = incoming;
  if (base !== '' && !url.startsWith(`${base}/`))
    throw new ApiError(403, 'Forbidden', 'the path does not begin with the secret that the kubeconfig holds');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  const body = await readBody(incoming);
  // a browser sends such a body for any page, without a preflight request
  if (body !== '' && headers['content-type'] === undefined)
    throw new ApiError(415, 'UnsupportedMediaType', 'the body has no content type; send application/json');
  return { method: incoming.method as ApiRequest['method'], url: url.slice(base.length), headers, body };
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const tooLarge = new ApiError(
    413,
    'RequestEntityTooLarge',
    `Request entity too large: limit is ${MAX_BODY_BYTES}`,
  );
  if (Number(incoming.headers['content-length'] ?? 0) > MAX_BODY_BYTES) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  // a body that is no longer read must not end the connection before the answer has been sent
  const received = incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  for await (const chunk of received) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw tooLarge;
    chunks.push(chunk);
  }
  const encoding = incoming.headers['content-type']?.startsWith(PROTOBUF) === true ? 'latin1' : 'utf8';
  return Buffer.concat(chunks).toString(encoding);
}

async function send(response: ApiResponse, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, response.headers);
  if (typeof response.body === 'string') {
    outgoing.end(response.body);
    return;
  }
  outgoing.flushHeaders();
  const chunks = response.body[Symbol.asyncIterator]();
  outgoing.once('close', () => void chunks.return?.());
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
    if (!outgoing.write(next.value)) await drained(outgoing);
  }
  outgoing.end();
}

/** Resolves when the client has read enough, or has disconnected. */
function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      resolve();
    };
    outgoing.on('drain', done);
    outgoing.on('close', done);
  });
}
