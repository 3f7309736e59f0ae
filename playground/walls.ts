import type { IncomingMessage } from 'node:http';

/**
 * The playground's servers listen on loopback, where any page in the user's browser can reach them. Someone
 * elsewhere can make such a page send requests, but its headers show that: only browsers send these headers.
 */

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** Why a request is refused: a page elsewhere has sent it, or it used another host name (DNS rebinding). */
export function foreign(request: IncomingMessage): string | undefined {
  return foreignName(request) ?? foreignPage(request);
}

/** The same without a check of the host name, for servers that route by it. */
export function foreignPage({ headers, socket }: IncomingMessage): string | undefined {
  const { origin } = headers;
  if (origin !== undefined && !names(socket.localPort).some((name) => origin === `http://${name}`))
    return `requests of pages at ${origin} are refused`;
  if (headers['sec-fetch-site'] === 'cross-site') return 'requests of pages elsewhere are refused';
  return undefined;
}

function foreignName({ headers, socket }: IncomingMessage): string | undefined {
  const { host = '' } = headers;
  const known = names(socket.localPort);
  if (known.includes(host.toLowerCase())) return undefined;
  return `the request names the host "${host}"; this server answers as ${known.join(', ')} only`;
}

const names = (port: number | undefined): string[] => LOOPBACK.map((name) => `${name}:${port ?? 0}`);
