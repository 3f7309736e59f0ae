/** The author of a request: bearer tokens, and impersonation by administrators. */
import type { User } from '../contract.ts';
import { ApiError } from '../errors.ts';

const AUTHENTICATED = 'system:authenticated';
const MASTERS = 'system:masters';

export const ADMIN: User = { username: 'playground-admin', groups: [MASTERS, AUTHENTICATED] };
export const ANONYMOUS: User = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
/** The workload controllers, which write in process. */
export const CONTROLLER_MANAGER: User = {
  username: 'system:kube-controller-manager',
  groups: [AUTHENTICATED],
};

/** A service account, named as in its tokens. */
export function serviceAccount(namespace: string, name: string): User {
  const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, AUTHENTICATED];
  return { username: `system:serviceaccount:${namespace}:${name}`, groups };
}

function impersonated(headers: Record<string, string>): User | undefined {
  const username = headers['impersonate-user'];
  if (username === undefined) return undefined;
  const [, account, namespace, name] = /^system:(serviceaccount):([^:]+):([^:]+)$/.exec(username) ?? [];
  const groups = headers['impersonate-group']?.split(/, */) ?? [];
  if (account !== undefined && groups.length === 0) return serviceAccount(namespace ?? '', name ?? '');
  return { username, groups: [...new Set([...groups, AUTHENTICATED])] };
}

/** The user of the controller under test: the service account that the shipped admission policies exempt. */
export const CONTROLLER: User = serviceAccount('sluice-system', 'sluice');

export class Users {
  readonly #required: boolean;
  readonly #byToken: Map<string, User>;

  /**
   * With a `token`, which is the administrator's, requests must have a known token; without one, a request
   * with no known token is the administrator's.
   */
  constructor(token: string | undefined, others: Record<string, User>) {
    this.#required = token !== undefined;
    this.#byToken = new Map(Object.entries(others));
    if (token !== undefined) this.#byToken.set(token, ADMIN);
  }

  byToken(token: string): User | undefined {
    return this.#byToken.get(token);
  }

  /**
   * ANONYMOUS if the credentials are missing or wrong; throws a 403 for an impersonation that is not allowed.
   */
  of(headers: Record<string, string>): User {
    const bearer = /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1];
    const known = bearer === undefined ? undefined : this.#byToken.get(bearer);
    const user = known ?? (this.#required ? ANONYMOUS : ADMIN);
    const wanted = impersonated(headers);
    if (!wanted || user === ANONYMOUS) return user;
    if (user.groups.includes(MASTERS)) return wanted;
    const why = `User "${user.username}" cannot impersonate resource "users" in API group "" at the cluster scope`;
    const message = `users "${wanted.username}" is forbidden: ${why}`;
    throw new ApiError(403, 'Forbidden', message, { name: wanted.username, kind: 'users' });
  }
}
