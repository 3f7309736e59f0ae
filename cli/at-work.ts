import { getString } from '../lib/json.ts';
import type { KubeObject, ObjectRef } from '../api/kube.ts';
import { HOME } from '../api/names.ts';
import { RESOURCES } from '../api/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { isForbidden, KubeError } from '../kube/errors.ts';
import type { Io } from './io.ts';
import { sleep } from './sleep.ts';

/** Is a controller at work? `unsure`: look again; `unknown`: the Lease cannot be read. */
export interface AtWork {
  seen: 'yes' | 'no' | 'unsure' | 'unknown';
  /** how that is known, and what to do */
  sentence: string;
}

type Reader = Pick<KubeClient, 'get'>;

/** A Lease is renewed every two seconds: one that does not change for this long has no holder at work. */
const STILL_MS = 6_000;
/** A controller that stops frees its Lease, and the next one takes it at once. */
const FREE_MS = 3_000;
/** A Lease renewed this recently, by the clock of its holder, needs no second look. */
const FRESH_MS = 5_000;
const AGAIN_MS = 1_000;

/**
 * Looks at the Lease of the controller repeatedly. Only this machine's clock measures how long the Lease stays unchanged;
 * the clock of its holder is believed only if it says that the Lease was renewed just now.
 */
export class LeaseWatch {
  readonly #ref: ObjectRef;
  #seen: { record: string; sinceMs: number; moved: boolean } | undefined;

  constructor(namespace: string) {
    this.#ref = { resource: RESOURCES.leases, namespace, name: HOME.lease };
  }

  async look(client: Reader, nowMs: number): Promise<AtWork> {
    try {
      return this.#judge(await client.get(this.#ref), nowMs);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const why = isForbidden(error) ? `no right to get Lease ${this.#name}` : error.message;
      return { seen: 'unknown', sentence: `It cannot be seen whether a controller is running: ${why}.` };
    }
  }

  get #name(): string {
    return `${this.#ref.namespace ?? ''}/${this.#ref.name}`;
  }

  #judge(lease: KubeObject | undefined, nowMs: number): AtWork {
    const stillMs = this.#observe(lease, nowMs);
    const holder = getString(lease?.spec, 'holderIdentity') ?? '';
    if (holder === '') {
      const why = lease === undefined ? `there is no Lease ${this.#name}` : `Lease ${this.#name} is free`;
      return stillMs < FREE_MS ? { seen: 'unsure', sentence: why } : nobody(why);
    }
    const age = nowMs - Date.parse(getString(lease?.spec, 'renewTime') ?? '');
    const fresh = this.#seen?.moved === true || (age > -FRESH_MS && age < FRESH_MS);
    if (stillMs >= STILL_MS) {
      const seconds = Math.round(Math.max(stillMs, age) / 1000);
      return nobody(`Lease ${this.#name} has not been renewed for ${seconds} s`);
    }
    return { seen: fresh ? 'yes' : 'unsure', sentence: `${holder} holds Lease ${this.#name}.` };
  }

  /** For how long the Lease has been unchanged. */
  #observe(lease: KubeObject | undefined, nowMs: number): number {
    const record = JSON.stringify(lease?.spec ?? null);
    if (record !== this.#seen?.record) {
      this.#seen = { record, sinceMs: nowMs, moved: this.#seen !== undefined };
    }
    return nowMs - this.#seen.sinceMs;
  }
}

function nobody(why: string): AtWork {
  return {
    seen: 'no',
    sentence: `No controller is running: ${why}. Start one (sluice controller); if it runs in another namespace, name that with --controller-namespace.`,
  };
}

/** Looks until it is known whether a controller is at work: at once if one is, else after a few seconds. */
export async function lookForController(io: Io, client: Reader, namespace: string): Promise<AtWork> {
  const watch = new LeaseWatch(namespace);
  for (;;) {
    const now = await watch.look(client, io.clock.now());
    if (now.seen !== 'unsure' || io.stop.aborted) return now;
    await sleep(io, AGAIN_MS);
  }
}
