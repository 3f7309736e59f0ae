import { expect, it } from 'vitest';
import { Client, Crowd } from './clients.ts';
import { seeded } from '../../../lib/random.ts';

const MARK = { header: { name: 'x-beta', value: 'always' }, cookie: { name: 'beta', value: 'always' } };

it('a tenth of the clients sends the header, a tenth the cookie, the rest neither', () => {
  const crowd = new Crowd(MARK, seeded(1));
  const sent = Array.from({ length: 20_000 }, () => crowd.next().headers());
  const share = (headers: object): number =>
    sent.filter((one) => JSON.stringify(one) === JSON.stringify(headers)).length / 20_000;
  expect(share({ 'x-beta': 'always' })).toBeCloseTo(0.1, 1);
  expect(share({ cookie: 'beta=always' })).toBeCloseTo(0.1, 1);
  expect(share({})).toBeCloseTo(0.8, 1);
});

it('the same seed asks for the same clients', () => {
  const asked = (seed: number) => {
    const crowd = new Crowd(MARK, seeded(seed));
    return Array.from({ length: 50 }, () => crowd.next().marked);
  };
  expect(asked(3)).toEqual(asked(3));
  expect(asked(3)).not.toEqual(asked(4));
});

it.each([
  { set: ['sticky=shop-7; Max-Age=60; Path=/'], want: 'beta=always; sticky=shop-7' },
  { set: ['sticky=a', 'sticky=b=c', 'other=1; HttpOnly'], want: 'beta=always; sticky=b=c; other=1' },
  { set: ['sticky=a', 'sticky=; Max-Age=0'], want: 'beta=always' },
])('a client that keeps cookies sends "$want" after $set', ({ set, want }) => {
  const client = new Client({ cookie: MARK.cookie, keeps: true });
  client.receive(set);
  expect(client.headers()).toEqual({ cookie: want });
});

it('a client that keeps none forgets what it is sent, but not its mark', () => {
  const client = new Client({ cookie: MARK.cookie, keeps: false });
  client.receive(['sticky=a']);
  expect(client.headers()).toEqual({ cookie: 'beta=always' });
});

it('some of the clients keep cookies', () => {
  const crowd = new Crowd(MARK, seeded(1));
  for (let i = 0; i < 2000; i += 1) crowd.next().receive(['sticky=a']);
  const cookies = Array.from({ length: 20_000 }, () => crowd.next().headers()['cookie'] ?? '');
  expect(cookies.filter((one) => one.includes('sticky=a')).length / 20_000).toBeCloseTo(0.25, 1);
});
