import type { ApiRequest, ApiResponse, User } from '../contract.ts';
import { ApiError } from '../errors.ts';
import { askedBy } from '../faults/asked.ts';
import { Dropped, withFaults } from '../faults/effects.ts';
import { faultEndpoint, isFaultPath } from '../faults/endpoint.ts';
import type { Context } from './context.ts';
import { Discovery } from './discovery.ts';
import { answerError, json, parse, plain, withWarnings } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import { OpenApi } from './openapi.ts';
import { resourcePath } from './path.ts';
import { resource } from './resources.ts';
import { review } from './reviews.ts';
import { ANONYMOUS } from './users.ts';

const VERSION = {
  major: '1',
  minor: '36',
  gitVersion: 'v1.36.2',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'playground',
  compiler: 'playground',
  platform: 'linux/amd64',
};
const OPEN = new Set(['version', 'healthz', 'readyz', 'livez']);

/** Without credentials a client is anonymous, and anonymous clients may do nothing. */
function anonymous(exchange: Exchange): ApiError {
  const path = resourcePath(exchange.path);
  const name = path?.name ?? '';
  const what = path
    ? `resource "${path.plural}" in API group "${path.group}"`
    : `path "/${exchange.path.join('/')}"`;
  const where = path?.namespace === undefined ? '' : ` in the namespace "${path.namespace}"`;
  const verb = exchange.method === 'GET' && name === '' ? 'list' : exchange.method.toLowerCase();
  const message = `${path?.plural ?? 'request'} is forbidden: User "system:anonymous" cannot ${verb} ${what}${where}`;
  const group = path && path.group !== '' ? { group: path.group } : {};
  const details = path ? { ...(name === '' ? {} : { name }), ...group, kind: path.plural } : {};
  return new ApiError(403, 'Forbidden', message, details);
}

/** Gives each request its answer; throws only if a fault drops the connection. */
export class Router {
  readonly #context: Context;
  readonly #discovery: Discovery;
  readonly #openApi: OpenApi;

  constructor(context: Context) {
    this.#context = context;
    this.#discovery = new Discovery(context.registry);
    this.#openApi = new OpenApi(context.registry);
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    let exchange: Exchange | undefined;
    try {
      exchange = parse(request);
      exchange.user = this.#authenticate(exchange);
      return withWarnings(await this.#answer(request, exchange), exchange.warnings);
    } catch (error) {
      if (error instanceof Dropped) throw error;
      return withWarnings(answerError(error), exchange?.warnings ?? []);
    }
  }

  #authenticate(exchange: Exchange): User {
    const open = OPEN.has(exchange.path[0] ?? '');
    const user = this.#context.users.of(exchange.headers);
    if (user !== ANONYMOUS || open) return user;
    if (exchange.headers['authorization'] === undefined) throw anonymous(exchange);
    throw new ApiError(401, 'Unauthorized', 'Unauthorized');
  }

  async #answer(request: ApiRequest, exchange: Exchange): Promise<ApiResponse> {
    const { faults, storage, clock } = this.#context;
    if (!faults) return this.#route(exchange);
    if (isFaultPath(exchange.path)) return faultEndpoint(faults, exchange, storage.version);
    const asked = askedBy(exchange);
    const struck = asked ? faults.strike(asked) : [];
    if (struck.length === 0) return this.#route(exchange);
    const { user, warnings } = exchange;
    const next = (changed: ApiRequest): Promise<ApiResponse> =>
      this.#route({ ...parse(changed), user, warnings });
    return withFaults(struck, request, next, clock);
  }

  async #route(exchange: Exchange): Promise<ApiResponse> {
    const [root = ''] = exchange.path;
    if (root === 'version') return json(200, VERSION);
    if (OPEN.has(root)) return plain(200, 'ok');
    if (root === 'openapi') return this.#openApi.answer(exchange) ?? plain(404, '404 page not found\n');
    const found = this.#discovery.answer(exchange) ?? review(this.#context, exchange);
    if (found) return found;
    const path = resourcePath(exchange.path);
    if (!path || (path.group !== '' && !this.#discovery.hasGroup(path.group)))
      return plain(404, '404 page not found\n');
    return resource(this.#context, path, exchange);
  }
}
