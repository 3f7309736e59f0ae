import http from 'node:http';
import type { Endpoint } from './backends.ts';
import { draw } from './random.ts';
import type { Random } from './random.ts';

/** As many as ingress-nginx (`proxy-next-upstream-tries: 3`) and Istio (two retries) make by default. */
const TRIES = 3;
const UPSTREAM_TIMEOUT_MS = 60_000;
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade']);

export interface Forwarded {
  request: http.IncomingMessage;
  response: http.ServerResponse;
  endpoints: readonly Endpoint[];
}

/** Result of one exchange; `own` says that the gateway itself made the answer. */
export interface Answer {
  status: number;
  own: boolean;
  /** who answered, where that is known */
  pod?: string;
}

/** Sends requests to endpoints over kept-alive connections, trying another endpoint where that is safe. */
export class Forwarder {
  // shorter than the keep-alive time of the pods: this side closes idle connections first
  private readonly agent = new http.Agent({ keepAlive: true, timeout: 30_000 });
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  async forward(what: Forwarded): Promise<Answer> {
    const body = await read(what.request);
    const left = [...what.endpoints];
    let last = 'no endpoint';
    for (let attempt = 0; attempt < TRIES && left.length > 0; attempt += 1) {
      const [endpoint] = left.splice(
        draw(
          this.random,
          left.map(() => 1),
        ),
        1,
      );
      if (endpoint === undefined) break;
      const outcome = await this.attempt(endpoint, what, body);
      const { pod } = endpoint;
      if (typeof outcome === 'number') {
        return { status: outcome, own: false, ...(pod === undefined ? {} : { pod }) };
      }
      last = outcome.message;
      if (!mayRetry(outcome, what.request)) break;
      // only one endpoint: a connection it had closed is replaced by a fresh one
      if (left.length === 0 && outcome.reused) left.push(endpoint);
    }
    return fail(what.response, 502, last);
  }

  close(): void {
    this.agent.destroy();
  }

  /** The status sent to the client, or why there is none; nothing was sent in that case. */
  private attempt(endpoint: Endpoint, what: Forwarded, body: Buffer): Promise<number | UpstreamFailure> {
    return new Promise((resolve) => {
      const { request, response } = what;
      const headers = Object.fromEntries(
        Object.entries(request.headers).filter(([name]) => !HOP_BY_HOP.has(name)),
      );
      const upstream = http.request({
        agent: this.agent,
        host: endpoint.host,
        port: endpoint.port,
        method: request.method,
        path: request.url,
        headers: { ...headers, 'x-forwarded-proto': 'http' },
      });
      upstream.setTimeout(UPSTREAM_TIMEOUT_MS, () => upstream.destroy(new Error('upstream timed out')));
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        if (response.headersSent) response.destroy();
        resolve({ message: error.message, code: error.code ?? '', reused: upstream.reusedSocket });
      });
      upstream.on('response', (answer) => resolve(relay(answer, response)));
      upstream.end(body);
    });
  }
}

interface UpstreamFailure {
  message: string;
  code: string;
  /** the connection had served before: the endpoint may just have closed it */
  reused: boolean;
}

function relay(answer: http.IncomingMessage, response: http.ServerResponse): Promise<number> {
  return new Promise((resolve) => {
    const status = answer.statusCode ?? 502;
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name)) response.setHeader(name, value);
    }
    response.writeHead(status);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
    response.on('close', () => resolve(status));
  });
}

/** A refused connection was never a request. A reset one is sent again only if sending twice cannot hurt. */
function mayRetry(failure: UpstreamFailure, request: http.IncomingMessage): boolean {
  if (failure.code === 'ECONNREFUSED') return true;
  const idempotent = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(request.method ?? '');
  return idempotent && ['ECONNRESET', 'EPIPE'].includes(failure.code);
}

/** An answer of the gateway itself, told apart from the application's by a header. */
export function fail(response: http.ServerResponse, status: number, why: string): Answer {
  if (!response.headersSent) {
    response.writeHead(status, { 'content-type': 'text/plain', 'x-gateway-error': why });
    response.end(`${status} from the gateway: ${why}\n`);
  }
  return { status, own: true };
}

async function read(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
