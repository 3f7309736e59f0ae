import http from 'node:http';
import type { Endpoint } from './backends.ts';
import { UNEDITED, editResponse, editedRequest } from './header-edits.ts';
import type { Edits } from './header-edits.ts';
import { draw } from './random.ts';
import type { Random } from './random.ts';
import { isGrpc } from './routing.ts';
import type { Copy } from './routing.ts';

/** As many as ingress-nginx (`proxy-next-upstream-tries: 3`) and Istio (two retries) make by default. */
const TRIES = 3;
const UPSTREAM_TIMEOUT_MS = 60_000;
/** What Envoy buffers of a request by default: a larger one is not copied. */
const MAX_COPIED_BYTES = 1 << 20;
const GRPC_UNAVAILABLE = 14;
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'transfer-encoding', 'te', 'trailer', 'upgrade']);

export interface Forwarded {
  request: http.IncomingMessage;
  response: http.ServerResponse;
  endpoints: readonly Endpoint[];
  edits?: Edits | undefined;
  copies?: readonly Copy[] | undefined;
  /** a copy was answered; `seconds` since it was sent */
  onCopy?: (copy: Copy, answer: Answer, seconds: number) => void;
}

/** Result of one exchange; `own` says that the gateway itself made the answer. */
export interface Answer {
  status: number;
  own: boolean;
  /** who answered, where that is known */
  pod?: string;
  /** status of a gRPC call */
  grpc?: number;
}

/** Sends requests to endpoints over kept-alive connections, trying another endpoint where that is safe. */
export class Forwarder {
  // shorter than the keep-alive time of the pods: this side closes idle connections first
  private readonly agent = new http.Agent({ keepAlive: true, timeout: 30_000 });
  private readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** Copies are on their way when the request itself is sent, and nobody waits for them. */
  async forward(what: Forwarded): Promise<Answer> {
    const body = await read(what.request);
    if (body.length <= MAX_COPIED_BYTES) for (const copy of what.copies ?? []) this.copy(copy, what, body);
    const left = [...what.endpoints];
    let last = 'no endpoint';
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const endpoint = this.take(left);
      if (endpoint === undefined) break;
      const outcome = await this.attempt(endpoint, what, body);
      if ('status' in outcome) return { ...outcome, own: false, ...podOf(endpoint) };
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

  /** Draws one of them and takes it out of the list. */
  private take(endpoints: Endpoint[]): Endpoint | undefined {
    const index = draw(
      this.random,
      endpoints.map(() => 1),
    );
    return endpoints.splice(index, 1)[0];
  }

  /** Sent once; whatever becomes of it, the client's request does not notice. */
  private copy(copy: Copy, { request, edits, onCopy }: Forwarded, body: Buffer): void {
    const endpoint = this.take([...copy.to]);
    if (endpoint === undefined) return;
    const started = performance.now();
    const upstream = this.open(endpoint, request, edits);
    upstream.on('error', () => undefined);
    upstream.on('response', (answer) => {
      answer.resume();
      answer.on('error', () => undefined);
      answer.on('end', () => {
        const seconds = (performance.now() - started) / 1000;
        onCopy?.(copy, { ...resultOf(answer), own: false, ...podOf(endpoint) }, seconds);
      });
    });
    upstream.end(body);
  }

  /** What was sent to the client, or why nothing was. */
  private attempt(endpoint: Endpoint, what: Forwarded, body: Buffer): Promise<Result | UpstreamFailure> {
    return new Promise((resolve) => {
      const { request, response, edits = UNEDITED } = what;
      const upstream = this.open(endpoint, request, edits);
      upstream.on('error', (error: NodeJS.ErrnoException) => {
        if (response.headersSent) response.destroy();
        resolve({ message: error.message, code: error.code ?? '', reused: upstream.reusedSocket });
      });
      upstream.on('response', (answer) => resolve(relay(answer, response, edits)));
      upstream.end(body);
    });
  }

  private open(endpoint: Endpoint, request: http.IncomingMessage, edits = UNEDITED): http.ClientRequest {
    const headers = Object.fromEntries(
      Object.entries(editedRequest(request.headers, edits)).filter(([name]) => !HOP_BY_HOP.has(name)),
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
    return upstream;
  }
}

const podOf = ({ pod }: Endpoint): { pod?: string } => (pod === undefined ? {} : { pod });

type Result = Pick<Answer, 'status' | 'grpc'>;

/** The status of a call stands in the headers: with HTTP/1.1 there is no trailer to wait for. */
function resultOf({ statusCode = 502, headers }: http.IncomingMessage): Result {
  const grpc = headers['grpc-status'];
  return { status: statusCode, ...(grpc === undefined ? {} : { grpc: Number(grpc) }) };
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

/** A refused connection was never a request. A reset one is sent again only if sending twice cannot hurt. */
function mayRetry(failure: UpstreamFailure, request: http.IncomingMessage): boolean {
  if (failure.code === 'ECONNREFUSED') return true;
  const idempotent = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'].includes(request.method ?? '');
  return idempotent && ['ECONNRESET', 'EPIPE'].includes(failure.code);
}

/** An answer of the gateway itself, told apart from the application's by a header; to a gRPC call UNAVAILABLE. */
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
