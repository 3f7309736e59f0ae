import { describe, expect, it } from 'vitest';
import { Refusals } from './refusals.ts';

describe('refused writes', () => {
  const refused = { code: 403, message: 'no right' };
  const name = 'NetworkPolicy web-canary';

  it('are remembered for the target for a while', () => {
    const refusals = new Refusals();
    refusals.note('shop/web', name, refused);
    expect(refusals.of('shop/web', 1_000)).toEqual({ [name]: refused });
    expect(refusals.of('shop/web', 25_999)).toEqual({ [name]: refused });
    expect(refusals.of('shop/api', 25_999)).toEqual({});
    expect(refusals.of('shop/web', 26_000)).toEqual({});
  });

  it('are seen by the pass that follows, however late', () => {
    const refusals = new Refusals();
    refusals.note('shop/web', name, refused);
    expect(refusals.of('shop/web', 90_000)).toEqual({ [name]: refused });
  });

  it('say when the next of them may be tried again', () => {
    const refusals = new Refusals();
    expect(refusals.nextInMs('shop/web', 0)).toBeUndefined();
    refusals.note('shop/web', name, refused);
    expect(refusals.nextInMs('shop/web', 500)).toBe(25_000);
    refusals.of('shop/web', 1_000);
    refusals.note('shop/web', 'another', refused);
    expect(refusals.nextInMs('shop/web', 6_000)).toBe(20_000);
  });

  it('are forgotten with it', () => {
    const refusals = new Refusals();
    refusals.note('shop/web', name, refused);
    refusals.forget('shop/web');
    expect(refusals.of('shop/web', 1)).toEqual({});
  });
});
