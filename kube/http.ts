import http from 'node:http';
import https from 'node:https';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { KubeError, NETWORK } from './errors.ts';
import { eventLines, LongLine } from './lines.ts';
import type { KubeRequest, KubeResponse, Transport } from './types.ts';

export interface ConnectOptions {
  /** path of a kubeconfig file; absent: $KUBECONFIG, ~/.kube/config, then the pod's service account */
  kubeconfig?: string | undefined;
  /** context of the kubeconfig; absent: its current one */
  context?: string | undefined;
  /** every request is made as this user (impersonation) */
  as?: string | undefined;
  userAgent: string;
}

export interface Connection {
  transport: Transport;
  /** base URL, for log lines */
  server: string;
  /** namespace of the context, if it names one */
  namespace: string | undefined;
  /** closes idle connections; running requests continue */
  close(): void;
}

/** Connections for requests that are answered at once; more wait for a free one. */
const EXCHANGES = 64;
/** Far above what the controller opens (docs/operations.md): a watch that had to wait here might never get a connection. */
const WATCHES = 4_096;

/**
 * Connects to an API server with the credentials of a kubeconfig or of the pod. The library reads TLS material and tokens
 * and runs exec plug-ins again for each request, so rotated credentials are picked up.
 *
 * @throws Error naming the file, context or server that cannot be used
 */
export function connect(options: ConnectOptions): Connection {
  const config = loadConfig(options);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error(
      `kubeconfig: context ${JSON.stringify(config.currentContext)} names no cluster; give --context one of: ` +
        config
          .getContexts()
          .map((context) => context.name)
          .join(', '),
    );
  }
  const pool = { keepAlive: true, keepAliveMsecs: 30_000, scheduling: 'lifo' } as const;
  const { Agent } = cluster.server.startsWith('http:') ? http : https;
  const agents = {
    exchanges: new Agent({ ...pool, maxSockets: EXCHANGES }),
    watches: new Agent({ ...pool, maxSockets: WATCHES }),
  };
  const base = new URL(cluster.server);
  const plain = base.protocol === 'http:';
  // The library refuses http:// unless verification is off; there is nothing to verify on a plain connection.
  if (plain) config.clusters = config.clusters.map((each) => ({ ...each, skipTLSVerify: true }));

  const dial = async (request: KubeRequest): Promise<http.ClientRequest> => {
    const fromLibrary: http.OutgoingHttpHeaders = {};
    const credentials: https.RequestOptions = { headers: fromLibrary };
    await config.applyToHTTPSOptions(credentials);
    const headers = {
      'user-agent': options.userAgent,
      // Node does not set a length for a DELETE, so the server would read its body as the next request.
      ...(request.body === undefined ? {} : { 'content-length': Buffer.byteLength(request.body) }),
      ...(options.as === undefined ? {} : { 'impersonate-user': options.as }),
      ...request.headers,
      ...fromLibrary,
    };
    return (plain ? http : https).request(joinUrl(base, request.url), {
      ...credentials,
      method: request.method,
      headers,
      agent:
        cluster.proxyUrl === undefined
          ? agents[request.lasting === true ? 'watches' : 'exchanges']
          : credentials.agent,
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
  };
  return {
    transport: { request: async (request) => exchange(dial, request, base.origin) },
    server: cluster.server,
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    close: () => {
      agents.exchanges.destroy();
      agents.watches.destroy();
    },
  };
}

function loadConfig(options: ConnectOptions): KubeConfig {
  const config = new KubeConfig();
  try {
    if (options.kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(options.kubeconfig);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `kubeconfig ${options.kubeconfig ?? '(default)'} cannot be read (${why}); give the path of one with --kubeconfig`,
      { cause },
    );
  }
  // The name the library gives to its last resort, an unauthenticated localhost:8080.
  if (options.kubeconfig === undefined && config.getCurrentContext() === 'loaded-context') {
    throw new Error('no kubeconfig and no service account found; give --kubeconfig or set KUBECONFIG');
  }
  if (options.context !== undefined) config.setCurrentContext(options.context);
  return config;
}

function joinUrl(base: URL, pathAndQuery: string): URL {
  return new URL(base.origin + base.pathname.replace(/\/$/, '') + pathAndQuery);
}

async function exchange(
  dial: (request: KubeRequest) => Promise<http.ClientRequest>,
  request: KubeRequest,
  server: string,
): Promise<KubeResponse> {
  for (let attempt = 1; ; attempt += 1) {
    const outgoing = await dial(request).catch((error: unknown) => {
      throw networkError(error, server);
    });
    try {
      return answer(await send(outgoing, request.body), server);
    } catch (error) {
      // The server closed an idle connection just as we took it from the pool: only a read may be sent twice.
      const stale = outgoing.reusedSocket && request.method === 'GET' && request.signal?.aborted !== true;
      if (!stale || attempt > 2) throw networkError(error, server);
    }
  }
}

function send(outgoing: http.ClientRequest, body: string | undefined): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

function answer(message: http.IncomingMessage, server: string): KubeResponse {
  message.setEncoding('utf8');
  const chunks = bodyOf(message, server);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return {
    status: message.statusCode ?? 0,
    headers,
    async text() {
      let text = '';
      for await (const chunk of chunks) text += chunk;
      return text;
    },
    lines: () => events(chunks, server),
  };
}

async function* events(chunks: AsyncIterable<string>, server: string): AsyncGenerator<string> {
  try {
    yield* eventLines(chunks);
  } catch (error) {
    if (!(error instanceof LongLine)) throw error;
    const message = `${server}: a line of a watch is ${error.message}`;
    throw new KubeError({ code: 0, reason: NETWORK, message, cause: error });
  }
}

async function* bodyOf(message: http.IncomingMessage, server: string): AsyncGenerator<string> {
  try {
    for await (const chunk of message as AsyncIterable<string>) yield chunk;
  } catch (error) {
    throw networkError(error, server);
  }
}

/** Broken connections, names that do not resolve, certificates that are not trusted, exec plug-ins that fail. */
function networkError(cause: unknown, server: string): KubeError {
  return new KubeError({
    code: 0,
    reason: NETWORK,
    message: `no answer from the API server ${server} (${whyOf(cause)})`,
    cause,
  });
}

/** A name with several addresses fails once for each address, and the error that contains them all has no message. */
function whyOf(cause: unknown): string {
  if (cause instanceof AggregateError && cause.message === '') return cause.errors.map(whyOf).join(', ');
  return cause instanceof Error ? cause.message : String(cause);
}
