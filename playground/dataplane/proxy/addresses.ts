/**
 * Gives every pod its own address in 127.0.0.0/8. Several playgrounds may share a machine: each skips
 * addresses in use, and starts to look at a place of its own.
 */
export class AddressPool {
  private next: number;

  /** `start`: any number; playgrounds with different numbers rarely use the same addresses */
  constructor(start: number) {
    this.next = 1 + (start % 200) * 65_536;
  }

  /** Calls `listen` with one address after another until it succeeds; returns that address. */
  async bind(listen: (host: string) => Promise<void>): Promise<string> {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const host = this.take();
      try {
        await listen(host);
        return host;
      } catch (error) {
        if (codeOf(error) !== 'EADDRINUSE') throw explain(host, error);
      }
    }
    throw new Error('no free loopback address among 100 tried; stop other playgrounds first');
  }

  private take(): string {
    const offset = this.next;
    this.next += 1;
    // 127.16.0.0 and above: avoids 127.0.x.y, where resolvers and similar services listen
    return `127.${16 + ((offset >> 16) % 200)}.${(offset >> 8) & 255}.${offset & 255}`;
  }
}

function explain(host: string, error: unknown): Error {
  if (codeOf(error) !== 'EADDRNOTAVAIL') return error instanceof Error ? error : new Error(String(error));
  return new Error(
    `cannot listen on ${host}: pods of the playground need all of 127.0.0.0/8, which Linux answers on by default; ` +
      `on macOS run the playground in a Linux container or VM`,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
