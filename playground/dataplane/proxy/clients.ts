import type { Random } from '../../../lib/random.ts';

/** Distinguishes the clients of an A/B test from the others: some send the header, some the cookie. */
export interface Mark {
  header: { name: string; value: string };
  cookie: { name: string; value: string };
}

/** One of the clients behind the load: with or without the mark, and with or without a memory for cookies. */
export class Client {
  readonly marked: boolean;
  private readonly own: Record<string, string>;
  private readonly cookies: Map<string, string>;
  private readonly keeps: boolean;

  constructor({
    header,
    cookie,
    keeps,
  }: {
    header?: Mark['header'];
    cookie?: Mark['cookie'];
    keeps: boolean;
  }) {
    this.marked = header !== undefined || cookie !== undefined;
    this.own = header === undefined ? {} : { [header.name]: header.value };
    this.cookies = new Map(cookie === undefined ? [] : [[cookie.name, cookie.value]]);
    this.keeps = keeps;
  }

  headers(): Record<string, string> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    return cookie === '' ? this.own : { ...this.own, cookie };
  }

  /** Stores the cookies that an answer sets, each until an answer ends its lifetime. */
  receive(setCookies: readonly string[] = []): void {
    if (!this.keeps) return;
    for (const text of setCookies) {
      const [pair = '', ...attributes] = text.split(/; */);
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      const gone = attributes.some((attribute) => /^max-age=(0|-\d+)$/i.test(attribute));
      if (gone) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
  }
}

/**
 * Of a hundred clients, ten send the header, ten the cookie, and every fourth keeps the cookies that it gets.
 */
const CROWD = 100;

/** A hundred clients, of which a random one sends each request. */
export class Crowd {
  private readonly clients: Client[];
  private readonly random: Random;

  constructor(mark: Mark, random: Random) {
    this.random = random;
    this.clients = Array.from({ length: CROWD }, (_, index) => {
      const way =
        index % 10 === 0 ? { header: mark.header } : index % 10 === 5 ? { cookie: mark.cookie } : {};
      return new Client({ ...way, keeps: index % 4 === 1 });
    });
  }

  next(): Client {
    return this.clients[Math.floor(this.random() * CROWD)] ?? new Client({ keeps: false });
  }
}
