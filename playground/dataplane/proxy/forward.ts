import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './backends.ts';
import { UNEDITED, editResponse, editedRequest } from '../routing/header-edits.ts';
import type { Edits } from '../routing/header-edits.ts';
import { draw } from '../load/random.ts';
import type { Random } from '../../../lib/random.ts';
import { isGrpc } from '../routing/routing.ts';
import type { Copy, Reply, Transport } from '../routing/routing.ts';

/** The default number of tries in ingress-nginx (`proxy-next-upstream-tries: 3`) and Istio (two retries). */
const TRIES = 3;
const UPSTREAM_TIMEOUT_MS = 60_000;
/** The part of a request that Envoy buffers by default: a larger request is not copied. */
const MAX_COPIED_BYTES = 1 << 20;
const GRPC_UNAVAILABLE = 14;
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade']);

export interface Forwarded {
  request: http.IncomingMessage;
  response: http.ServerResponse;
  endpoints: readonly Endpoint[];
  edits?: Edits | undefined;
  transport?: Transport | undefined;
  copies?: readonly Copy[] | undefined;
  /** a copy was answered; `seconds` since it was sent */
  onCopy?: (copy: Copy, answer: Answer, seconds: number) => void;
}

/** Result of one exchange; `own` says that the gateway itself made the answer. */
export interface Answer {
  status: number;
  own: boolean;
  /** the pod that answered, if known */
  pod?: string;
  /** status of a gRPC call */
  grpc?: number;
}

/** Sends requests to endpoints over kept-alive connections, and tries another endpoint if that is safe. */
export class Forwarder {
  // shorter than the keep-alive time of the pods: this side closes idle connections first
  private readonly agent = new http.Agent({ keepAlive: true, timeout: 30_000 });
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Copies are sent with the request itself, and no request waits for them. */
  async forward(what: Forwarded): Promise<Answer> {
    const body = await read(what.request);
    if (body.length <= MAX_COPIED_BYTES) for (const copy of what.copies ?? []) this.copy(copy, what, body);
    const { delayMs, timeoutMs } = what.transport ?? {};
    if (delayMs !== undefined) await sleep(delayMs);
    return await this.tried(what, body, timeoutMs);
  }

  /** Tries one endpoint after another, all of the same backend. */
  private async tried(what: Forwarded, body: Buffer, timeoutMs: number | undefined): Promise<Answer> {
    const deadline = timeoutMs === undefined ? undefined : performance.now() + timeoutMs;
    const tries = triesOf(what.transport);
    const left = [...what.endpoints];
    let last: UpstreamFailure = { message: 'no endpoint', code: '', reused: false };
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      const endpoint = this.take(left);
      if (endpoint === undefined) break;
      const outcome = await this.attempt(endpoint, what, { body, deadline, isLast: attempt === tries });
      if ('status' in outcome) return { ...outcome, own: false, ...podOf(endpoint) };
      last = outcome;
      if (!mayRetry(outcome, what)) break;
      // with only one endpoint, a fresh connection replaces one that it had closed, and the endpoint is tried
      // again after a failure
      if (left.length === 0 && (outcome.reused || outcome.code === THROWN_AWAY)) left.push(endpoint);
    }
    return fail(what.response, last.code === TIMED_OUT ? 504 : 502, last.message);
  }

  close(): void {
    this.agent.destroy();
  }

  /** Draws an endpoint and removes it from the list. */
  private take(endpoints: Endpoint[]): Endpoint | undefined {
    const index = draw(
      this.random,
      endpoints.map(() => 1),
    );
    return endpoints.splice(index, 1)[0];
  }

  /** Sends a copy once; its outcome never changes the answer to the client. */
  private copy(copy: Copy, what: Forwarded, body: Buffer): void {
    const endpoint = this.take([...copy.to]);
    if (endpoint === undefined) return;
    const started = performance.now();
    const upstream = this.open(endpoint, what);
    upstream.on('error', () => undefined);
    upstream.on('response', (answer) => {
      answer.resume();
      answer.on('error', () => undefined);
      answer.on('end', () => {
        const seconds = (performance.now() - started) / 1000;
        what.onCopy?.(copy, { ...resultOf(answer), own: false, ...podOf(endpoint) }, seconds);
      });
    });
    upstream.end(body);
  }

  /** The answer that was sent to the client, or why none was sent. */
  private attempt(endpoint: Endpoint, what: Forwarded, limits: Limits): Promise<Result | UpstreamFailure> {
    return new Promise((resolve) => {
      const { response, edits = UNEDITED, transport = {} } = what;
      const upstream = this.open(endpoint, what);
      const timer = limitTime(upstream, limits.deadline, transport.tryTimeoutMs);
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        if (response.headersSent) response.destroy();
        resolve({ message: error.message, code: error.code ?? '', reused: upstream.reusedSocket });
      });
      upstream.on('close', () => clearTimeout(timer));
      upstream.on('response', (answer) => {
        const { statusCode = 502 } = answer;
        if (limits.isLast || transport.retries?.on(statusCode) !== true) {
          resolve(relay(answer, response, edits));
          return;
        }
        answer.resume();
        resolve({ message: `answered ${statusCode}`, code: THROWN_AWAY, reused: false });
      });
      upstream.end(limits.body);
    });
  }

  private open(
    endpoint: Endpoint,
    { request, edits = UNEDITED, transport = {} }: Pick<Forwarded, 'request' | 'edits' | 'transport'>,
  ): http.ClientRequest {
    const host = transport.host === undefined ? {} : { host: transport.host };
    const headers = Object.fromEntries(
      Object.entries({ ...editedRequest(request.headers, edits), ...host }).filter(
        ([name]) => !HOP_BY_HOP.has(name),
      ),
    );
    const upstream = http.request({
      agent: this.agent,
      host: endpoint.host,
      port: endpoint.port,
      method: request.method,
      path: pathOf(request.url ?? '/', transport.path),
      headers: { ...headers, 'x-forwarded-proto': 'http' },
    });
    upstream.setTimeout(UPSTREAM_TIMEOUT_MS, () => upstream.destroy(new Error('upstream timed out')));
    return upstream;
  }
}

const podOf = ({ pod }: Endpoint): { pod?: string } => (pod === undefined ? {} : { pod });

type Result = Pick<Answer, 'status' | 'grpc'>;

/** The status of a call is in the headers: with HTTP/1.1 there is no trailer to wait for. */
function resultOf({ statusCode = 502, headers }: http.IncomingMessage): Result {
  const grpc = headers['grpc-status'];
  return { status: statusCode, ...(grpc === undefined ? {} : { grpc: Number(grpc) }) };
}

/** Codes of failures that are not network errors. */
const TIMED_OUT = 'TIMED_OUT';
const THROWN_AWAY = 'THROWN_AWAY';

interface Limits {
  body: Buffer;
  /** for all tries together */
  deadline: number | undefined;
  /** the client gets this try's answer, whatever it is */
  isLast: boolean;
}

const triesOf = ({ retries }: Transport = {}): number =>
  retries === undefined ? TRIES : retries.attempts + 1;

/** Ends a try that takes longer than the route allows, for this try or for all tries together. */
function limitTime(
  upstream: http.ClientRequest,
  deadline: number | undefined,
  tryTimeoutMs: number | undefined,
): NodeJS.Timeout | undefined {
  const left = deadline === undefined ? Infinity : deadline - performance.now();
  const limit = Math.min(left, tryTimeoutMs ?? Infinity);
  if (limit === Infinity) return undefined;
  const error = Object.assign(new Error('upstream request timeout'), { code: TIMED_OUT });
  return setTimeout(() => upstream.destroy(error), Math.max(limit, 0));
}

/** The other path, with the query of the request. */
function pathOf(url: string, path: string | undefined): string {
  const query = url.indexOf('?');
  return path === undefined ? url : path + (query < 0 ? '' : url.slice(query));
}

interface UpstreamFailure {
  message: string;
  code: string;
  /** the connection had served before: the endpoint may just have closed it */
  reused: boolean;
}

function relay(answer: http.IncomingMessage, response: http.ServerResponse, edits: Edits): Promise<Result> {
  return new Promise((resolve) => {
    const result = resultOf(answer);
    for (const [name, value] of Object.entries(answer.headers)) {
      if (value !== undefined && !HOP_BY_HOP.has(name)) response.setHeader(name, value);
    }
    editResponse(response, edits);
    response.writeHead(result.status);
    answer.pipe(response);
    answer.on('error', () => response.destroy());
    response.on('close', () => resolve(result));
  });
}

/**
 * A refused connection never carried a request. After a reset, a request is sent again only if sending twice
 * is safe, or if the route itself asks for retries.
 */
function mayRetry(failure: UpstreamFailure, { request, transport }: Forwarded): boolean {
  if (failure.code === 'ECONNREFUSED' || failure.code === THROWN_AWAY) return true;
  if (failure.code === TIMED_OUT) return transport?.retries?.on(504) ?? false;
  const idempotent = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(request.method ?? '');
  return idempotent && ['ECONNRESET', 'EPIPE'].includes(failure.code);
}

/** An answer that the route asks for, not a failure. */
export function reply(response: http.ServerResponse, status: number, { headers, body = '' }: Reply): Answer {
  response.writeHead(status, headers);
  response.end(body);
  return { status, own: true };
}

/**
 * An answer of the gateway itself, which a header distinguishes from the application's; for a gRPC call,
 * UNAVAILABLE.
 */
export function fail(response: http.ServerResponse, status: number, why: string): Answer {
  const grpc = isGrpc(response.req.headers);
  const answer = grpc ? { status: 200, own: true, grpc: GRPC_UNAVAILABLE } : { status, own: true };
  if (response.headersSent) return answer;
  const headers = grpc
    ? { 'content-type': 'application/grpc', 'grpc-status': GRPC_UNAVAILABLE, 'grpc-message': why }
    : { 'content-type': 'text/plain' };
  response.writeHead(answer.status, { ...headers, 'x-gateway-error': why });
  response.end(grpc ? '' : `${status} from the gateway: ${why}\n`);
  return answer;
}

async function read(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
