import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ApiRequest, ApiResponse, ApiServer } from './contract.ts';
import { PROTOBUF } from './http/body.ts';

export interface Listening {
  /** e.g. "http://127.0.0.1:8001" */
  url: string;
  port: number;
  close(): Promise<void>;
}

/** Serves `api` over plain HTTP on loopback; port 0 picks a free one. Rejects if the port is taken. */
export async function listen(api: Pick<ApiServer, 'handle'>, port: number): Promise<Listening> {
  const server = createServer((incoming, outgoing) => void exchange(api, incoming, outgoing));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const { port: bound } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${bound}`, port: bound, close: () => close(server) };
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}

async function exchange(
  api: Pick<ApiServer, 'handle'>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  try {
    const response = await api.handle(await readRequest(incoming));
    await send(response, outgoing);
  } catch {
    // the client went away, or its request could not be read: there is nobody to tell
    outgoing.destroy();
  }
}

async function readRequest(incoming: IncomingMessage): Promise<ApiRequest> {
  incoming.setEncoding(incoming.headers['content-type']?.startsWith(PROTOBUF) === true ? 'latin1' : 'utf8');
  let body = '';
  for await (const chunk of incoming) body += chunk as string;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return { method: incoming.method as ApiRequest['method'], url: incoming.url ?? '/', headers, body };
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

/** Resolves when the client has read enough, or is gone. */
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
