import { describe, expect, it } from 'vitest';
import { VirtualClock } from '../../../test/support/virtual-clock.ts';
import type { ApiServerOptions } from '../contract.ts';
import { get } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { createApiServer } from '../server.ts';
import { serviceAccount } from './users.ts';

const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const SLUICE = 'system:serviceaccount:sluice-system:sluice';
const users = { robot: serviceAccount('sluice-system', 'sluice') };

/** The user name that a request gets, or the status with which it is refused. */
async function whoami(options: Partial<ApiServerOptions>, headers: Record<string, string>): Promise<unknown> {
  const server = createApiServer({ clock: new VirtualClock(), ...options });
  const body = JSON.stringify({ apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' });
  const answer = await server.handle({
    method: 'POST',
    url: REVIEW,
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });
  const parsed = JSON.parse(answer.body as string) as JsonObject;
  return answer.status === 201 ? get(parsed, 'status', 'userInfo', 'username') : answer.status;
}

describe('who asks', () => {
  const open = { users };
  const closed = { token: 'secret', users };
  const robot = { authorization: 'Bearer robot' };
  const as = (name: string): Record<string, string> => ({ 'impersonate-user': name });
  const cases = [
    {
      name: 'nobody in particular, without a token to give',
      options: open,
      headers: {},
      want: 'playground-admin',
    },
    { name: 'the owner of a token, where none is needed', options: open, headers: robot, want: SLUICE },
    { name: 'the owner of a token', options: closed, headers: robot, want: SLUICE },
    {
      name: 'the administrator',
      options: closed,
      headers: { authorization: 'Bearer secret' },
      want: 'playground-admin',
    },
    { name: 'a wrong token', options: closed, headers: { authorization: 'Bearer wrong' }, want: 401 },
    { name: 'no token', options: closed, headers: {}, want: 403 },
    { name: 'the administrator as somebody else', options: open, headers: as('ann'), want: 'ann' },
    {
      name: 'another who would be somebody else',
      options: open,
      headers: { ...robot, ...as('ann') },
      want: 403,
    },
    { name: 'nobody who would be somebody', options: closed, headers: as('ann'), want: 403 },
  ];
  for (const { name, options, headers, want } of cases) {
    it(`is ${String(want)}: ${name}`, async () => expect(await whoami(options, headers)).toBe(want));
  }
});
