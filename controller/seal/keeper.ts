import type { Logger } from 'pino';
import { HOME } from '../../api/names.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { Seal } from './seal.ts';
import { readKeys, type SecretClient } from './secret.ts';

export interface SealKeeperOptions {
  client: SecretClient;
  /** the controller's own */
  namespace: string;
  clock: Clock;
  log: Logger;
  /** every target has to be looked at again */
  onChange: () => void;
}

const CHECK_MS = 60 * 60_000;
/** After a failure of the API server, or a right that is missing. */
const SOON_MS = 10_000;

/**
 * Knows the keys of the seals: read, or made, at the start, and looked at hourly. Without a key no Release can be told from
 * a forged one, so nothing is decided before it is known; a key that is lost later makes way for a new one, loudly.
 */
export class SealKeeper {
  readonly #options: SealKeeperOptions;
  #seal = new Seal([]);
  #known = '';
  #problem: string | undefined = 'the key of the seals is not read yet';
  readonly #waiting = new Set<() => void>();
  #stopped = false;

  constructor(options: SealKeeperOptions) {
    this.#options = options;
  }

  get seal(): Seal {
    return this.#seal;
  }

  /** What keeps the controller from its work; undefined: nothing. */
  get problem(): string | undefined {
    return this.#known === '' ? this.#problem : undefined;
  }

  /** Looks at the Secret now and from then on. */
  async start(): Promise<void> {
    for (;;) {
      await this.read();
      await this.#pause(CHECK_MS);
    }
  }

  /**
   * Resolves once the key is known as it is now, as whoever begins to lead has to know it: another may have been made while
   * this process waited. Never if it is stopped before.
   */
  async read(): Promise<void> {
    while (!(await this.#check())) await this.#pause(SOON_MS);
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#waiting) cancel();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#stopped) return;
      const cancel = this.#options.clock.after(ms, () => {
        this.#waiting.delete(cancel);
        resolve();
      });
      this.#waiting.add(cancel);
    });
  }

  /** @returns whether a key could be read */
  async #check(): Promise<boolean> {
    const { client, namespace } = this.#options;
    try {
      const read = await readKeys(client, namespace);
      if (read.ok) this.#apply(read.keys, read.made);
      else this.#tell(read.sentence);
      return read.ok;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      this.#tell(sentenceOf(error, namespace));
      return false;
    }
  }

  #tell(problem: string): void {
    const { log } = this.#options;
    if (problem !== this.#problem) log.error({ secret: HOME.seal }, problem);
    this.#problem = problem;
  }

  #apply(keys: readonly Buffer[], made: boolean): void {
    const { log, namespace, onChange } = this.#options;
    const known = keys.map((key) => key.toString('base64')).join();
    this.#problem = undefined;
    if (known === this.#known || this.#stopped) return;
    const facts = { secret: `${namespace}/${HOME.seal}`, made };
    // A key that only moved to `previous` still verifies what it signed.
    const [signing = ''] = this.#known.split(',');
    if (this.#known !== '' && !known.split(',').includes(signing))
      log.error(
        facts,
        'the key of the seals was lost: releases under way end Aborted, with their traffic off',
      );
    else if (made) log.info(facts, 'made the key by which Releases are sealed');
    this.#seal = new Seal(keys);
    const changed = this.#known !== '';
    this.#known = known;
    if (changed) onChange();
  }
}

function sentenceOf({ code, message }: KubeError, namespace: string): string {
  const secret = `Secret ${namespace}/${HOME.seal}`;
  if (code === 403)
    return `the controller may not read or make ${secret}, the key by which it knows its own Releases; allow it to get and create secrets there (docs/operations.md)`;
  if (code === 404)
    return `${secret}, the key by which the controller knows its own Releases, cannot be made: ${message}; create the namespace`;
  return `${secret}, the key by which the controller knows its own Releases, cannot be read: ${message}`;
}
