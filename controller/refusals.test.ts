import { describe, expect, it } from 'vitest';
import { Refusals } from './refusals.ts';
import { refusalKind } from '../release/status/obstacle.ts';

describe('refused writes', () => {
  const refused = {
    code: 403,
    message: 'no right',
    why: 'copy it',
    verb: 'create',
    resource: 'networkpolicies.networking.k8s.io',
    name: 'web-canary',
    noted: true,
  };
  const shown = { ...refused, kind: 'right', sinceMs: 0 };
  const name = 'NetworkPolicy web-canary';

  it('are remembered for the target for a while', () => {
    const refusals = new Refusals();
    refusals.note('shop/web', name, refused, 0);
    expect(refusals.of('shop/web', 1_000)).toEqual({ [name]: shown });
    expect(refusals.of('shop/web', 25_999)).toEqual({ [name]: shown });
    expect(refusals.of('shop/api', 25_999)).toEqual({});
    expect(refusals.of('shop/web', 26_000)).toEqual({});
  });

  it('are seen by the pass that follows, however late', () => {
    const refusals = new Refusals();
    refusals.note('shop/web', name, refused, 0);
    expect(refusals.of('shop/web', 90_000)).toEqual({ [name]: shown });
  });

  it('say when the next of them may be tried again', () => {
    const refusals = new Refusals();
    expect(refusals.nextInMs('shop/web', 0)).toBeUndefined();
    refusals.note('shop/web', name, refused, 0);
    expect(refusals.nextInMs('shop/web', 500)).toBe(25_000);
    refusals.of('shop/web', 1_000);
    refusals.note('shop/web', 'another', refused, 0);
    expect(refusals.nextInMs('shop/web', 6_000)).toBe(20_000);
  });

  it('are forgotten with it', () => {
    const refusals = new Refusals();
    refusals.note('shop/web', name, refused, 0);
    refusals.forget('shop/web');
    expect(refusals.of('shop/web', 1)).toEqual({});
  });

  it('that are refused again and again are refused since the first time, and no more once the server took one', () => {
    const refusals = new Refusals();
    const sinceMs = (nowMs: number) => refusals.of('shop/web', nowMs)[name]?.sinceMs;
    refusals.note('shop/web', name, refused, 0);
    expect(sinceMs(1_000)).toBe(0);
    expect(sinceMs(26_000)).toBeUndefined();
    refusals.note('shop/web', name, refused, 26_500);
    expect(sinceMs(27_000)).toBe(0);
    refusals.took('shop/web', name);
    refusals.note('shop/web', name, refused, 28_000);
    expect(sinceMs(28_000)).toBe(28_000);
  });

  it('for the moment are forgotten with the next pass that comes to its end, unless a rule waits for them', () => {
    const refusals = new Refusals();
    const busy = { ...refused, code: 503, message: 'try again', noted: false };
    refusals.note('shop/web', 'lost', busy, 0);
    refusals.note('shop/web', 'waited for', { ...busy, noted: true }, 0);
    refusals.note('shop/web', name, { ...refused, noted: false }, 0);
    refusals.passed('shop/web');
    expect(Object.keys(refusals.of('shop/web', 1_000))).toEqual(['waited for', name]);
  });

  it.each([
    { code: 0, message: 'connection reset', want: 'transient' },
    { code: 500, message: 'failed calling webhook', want: 'transient' },
    { code: 429, message: 'too many requests', want: 'transient' },
    { code: 409, message: 'already exists', want: 'transient' },
    {
      code: 403,
      message: 'services is forbidden: User "sluice" cannot create resource "services"',
      want: 'right',
    },
    { code: 403, message: 'admission webhook "policy.example" denied the request: no', want: 'refused' },
    { code: 403, message: 'services "x" is forbidden: exceeded quota: small', want: 'refused' },
    { code: 422, message: 'spec.rules[1]: Invalid value', want: 'refused' },
    { code: 400, message: 'strict decoding error', want: 'refused' },
  ])('$code "$message" is $want', ({ code, message, want }) => {
    expect(refusalKind({ code, message })).toBe(want);
  });
});
