import { describe, expect, it } from 'vitest';
import { AddressPool } from './addresses.ts';

const failing = (code: string): Promise<void> => Promise.reject(Object.assign(new Error(code), { code }));

describe('addresses of pods', () => {
  it('differ, skip those in use, and start apart for every playground', async () => {
    const tried: string[] = [];
    const pool = new AddressPool(3);
    const listen = (host: string): Promise<void> =>
      tried.push(host) === 1 ? failing('EADDRINUSE') : Promise.resolve();
    expect([await pool.bind(listen), await pool.bind(listen)]).toEqual(['127.19.0.2', '127.19.0.3']);
    expect(tried).toEqual(['127.19.0.1', '127.19.0.2', '127.19.0.3']);
    expect(await new AddressPool(4).bind(() => Promise.resolve())).toBe('127.20.0.1');
  });

  it('are explained in one sentence where the system has only one', async () => {
    const bound = new AddressPool(0).bind(() => failing('EADDRNOTAVAIL'));
    await expect(bound).rejects.toThrow(
      /^cannot listen on 127.16.0.1: .*127.0.0.0\/8.*Linux container or VM$/,
    );
  });

  it('run out with a sentence, and other errors are passed on', async () => {
    await expect(new AddressPool(0).bind(() => failing('EADDRINUSE'))).rejects.toThrow(
      'no free loopback address',
    );
    await expect(new AddressPool(0).bind(() => failing('EACCES'))).rejects.toThrow('EACCES');
  });
});
