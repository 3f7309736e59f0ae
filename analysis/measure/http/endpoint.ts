import type { BadOutcome, Counts, Measurement } from '../../../api/analysis.ts';
import type { Arm } from '../../../api/query.ts';
import type { ErrorRateQueries } from '../../../api/kinds/template/preset.ts';
import { noCount } from '../../../lib/count.ts';
import { valueAt } from '../../../lib/pointer.ts';
import { FairQueue } from '../../jobs/fair-queue.ts';
import { errorRateOf } from '../error-rate.ts';
import { exchangeWith, type Exchange, type Reply } from '../exchange.ts';
import { bad, failed, finite, nameOf, type Failed, type Job } from '../job.ts';
import type { Arms, Endpoint, Heard, NumberQuery, Session } from '../source.ts';
import { Readings, type Reading } from './readings.ts';
import { below, renderReference } from './reference.ts';

const LIMITS = { timeoutMs: 10_000, maxBytes: 1024 * 1024 };
/** How many documents are read at a time, for all namespaces and for one. */
const AT_ONCE = { concurrency: 8, each: 4 };
/** A question may wait for its turn this many times the limit of one exchange. */
const WAITS = 3;

export interface HttpOptions {
  timeoutMs?: number;
  maxBytes?: number;
}

/** An end point that serves JSON documents. */
export function openHttp(url: string, options: HttpOptions = {}): Endpoint {
  const { exchange, close } = exchangeWith(url);
  const queue = new FairQueue(AT_ONCE);
  const readings = new Readings();
  const limits = { ...LIMITS, ...options };
  return {
    session(namespace, heard) {
      const documents = new Map<string, Promise<Read>>();
      const ask = (path: string): Promise<Read> => {
        const latest = performance.now() + WAITS * limits.timeoutMs;
        return queue.run(
          () =>
            performance.now() > latest
              ? Promise.resolve(no('timeout', 'the end point is too slow for the queries that wait for it'))
              : read(exchange, path, limits),
          namespace,
        );
      };
      const once = (path: string): Promise<Read> => {
        const inside = below(url, path);
        if (inside === undefined)
          return Promise.resolve(no('badQuery', 'the query leads out of its end point'));
        const document = documents.get(inside) ?? ask(inside);
        documents.set(inside, document);
        return document;
      };
      return new HttpSession(readings, once, heard);
    },
    close,
  };
}

/** A document, or why it could not be read. */
type Read = { ok: true; document: unknown } | ({ ok: false } & Failed);

const no = (outcome: BadOutcome, sentence: string): Read & { ok: false } => ({
  ok: false,
  outcome,
  sentence,
});

async function read(exchange: Exchange, path: string, limits: typeof LIMITS): Promise<Read> {
  const reply = await exchange({ method: 'GET', path, limits });
  if (!reply.ok) return unanswered(reply, limits);
  const { status, body } = reply;
  if (status >= 300 && status < 400) {
    const sentence = `the end point answered with a redirect (HTTP ${status}), which is not followed; configure the final URL`;
    return no('serverError', sentence);
  }
  if (status !== 200) return no('serverError', `the end point answered with HTTP ${status}`);
  try {
    return { ok: true, document: JSON.parse(body) as unknown };
  } catch {
    return no('serverError', 'the answer of the end point is not JSON');
  }
}

function unanswered(reply: Reply & { ok: false }, { timeoutMs, maxBytes }: typeof LIMITS): Read {
  switch (reply.problem) {
    case 'timeout':
      return no('timeout', `the end point did not answer within ${timeoutMs / 1000} s`);
    case 'tooLarge':
      return no('serverError', `the answer is larger than ${Math.round(maxBytes / 1024)} KiB`);
    case 'unreachable':
      return no('serverError', `the end point cannot be reached (${reply.code})`);
  }
}

/** The value that a query leads to, with what was asked; NaN where the document holds something else than a number. */
type Value = { ok: true; value: number; asked: string } | ({ ok: false } & Failed);

class HttpSession implements Session {
  readonly #readings: Readings;
  readonly #read: (path: string) => Promise<Read>;

  readonly #heard: Heard | undefined;

  constructor(readings: Readings, readDocument: (path: string) => Promise<Read>, heard: Heard | undefined) {
    this.#readings = readings;
    this.#read = readDocument;
    this.#heard = heard;
  }

  async number(job: Job, { arm, text, nan }: NumberQuery): Promise<number | Measurement> {
    const name = job.arms[arm];
    const got = await this.#value(job, arm, text);
    if (!got.ok) return failed(job, got, name);
    if (!Number.isNaN(got.value)) return finite(got.value);
    return nan === 'zero' ? 0 : bad(job, 'nan', `${name}: the value is not a number`);
  }

  /** The counts are read after each window; their rise since the reading after the window before belongs to this window. */
  async counts(job: Job, queries: Arms<ErrorRateQueries>): Promise<Measurement> {
    const [canary, stable] = await Promise.all([
      this.#counts(job, 'canary', queries[job.arms.canary]),
      this.#counts(job, 'stable', queries.stable),
    ]);
    if ('failure' in canary) return canary.failure;
    if ('failure' in stable) return stable.failure;
    const now: Reading = {
      endMs: job.window.endMs,
      asked: JSON.stringify([canary.asked, stable.asked]),
      counts: { canary: canary.counts, stable: stable.counts },
    };
    const { namespace, target, release } = job.variables.stable;
    const key = JSON.stringify([namespace, target, release, job.key, job.arms.canary]);
    const before = this.#readings.at(key, job.window.startMs);
    this.#readings.add(key, now);
    if (before === undefined) {
      const { total, bad: errors } = now.counts.stable;
      this.#heard?.note(`the counts are there: ${total} requests of stable so far, ${errors} bad`);
      return bad(job, 'noData', FIRST);
    }
    if (before.asked !== now.asked) return bad(job, 'noData', CHANGED);
    const fell = (['canary', 'stable'] as const).find((arm) =>
      hasFallen(before.counts[arm], now.counts[arm]),
    );
    if (fell !== undefined) return bad(job, 'noData', fellSentence(job.arms[fell]));
    return errorRateOf(job, {
      canary: rise(before.counts.canary, now.counts.canary),
      stable: rise(before.counts.stable, now.counts.stable),
    });
  }

  async #counts(
    job: Job,
    arm: Arm,
    { bad: errors, total }: ErrorRateQueries,
  ): Promise<{ counts: Counts; asked: string[] } | { failure: Measurement }> {
    const name = job.arms[arm];
    const [wrong, all] = await Promise.all([this.#value(job, arm, errors), this.#value(job, arm, total)]);
    if (!all.ok) return { failure: failed(job, all, `${name} total`) };
    if (!wrong.ok) return { failure: failed(job, wrong, `${name} bad`) };
    const none =
      noCount(`the requests of ${nameOf(name)}`, all.value) ??
      noCount(`the bad requests of ${nameOf(name)}`, wrong.value);
    if (none !== undefined) return { failure: bad(job, 'nan', none) };
    return { counts: { bad: wrong.value, total: all.value }, asked: [wrong.asked, all.asked] };
  }

  async #value(job: Job, arm: Arm, text: string): Promise<Value> {
    const rendered = renderReference(text, job.variables[arm]);
    if (!rendered.ok) return no(rendered.problem === 'empty' ? 'noData' : 'badQuery', rendered.sentence);
    const { path, way } = rendered.reference;
    const got = await this.#read(path);
    if (!got.ok) return got;
    const value = valueAt(got.document, way);
    const place = `#${way.map((name) => `/${name}`).join('')}`;
    if (value === undefined) return no('noData', `the document has nothing at ${place}`);
    const asked = `${path}${place}`;
    if (value === null || value === 'NaN') return { ok: true, value: NaN, asked };
    if (typeof value === 'number') return { ok: true, value, asked };
    return no('badQuery', `the value at ${place} is ${kindOf(value)}, not a number`);
  }
}

const FIRST =
  'the counts at the beginning of this window are not known: they are read after each window, and the next one has both';
const CHANGED =
  'pods came or went in this window, so its counts are of other pods than those before and cannot be compared';

const fellSentence = (arm: Arm): string =>
  `the counts of ${nameOf(arm)} fell: a process restarted, or another one answered; this window is not counted`;

const hasFallen = (before: Counts, now: Counts): boolean => now.total < before.total || now.bad < before.bad;

const rise = (before: Counts, now: Counts): Counts => ({
  bad: now.bad - before.bad,
  total: now.total - before.total,
});

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'string' ? 'a text' : typeof value === 'boolean' ? 'true or false' : 'an object';
}
