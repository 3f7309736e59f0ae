import type { Logger } from 'pino';
import { HOME } from '../../api/names.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import { Seal } from './seal.ts';
import { readKeys, type SecretClient } from './secret.ts';

export interface SealKeeperOptions {
  client: SecretClient;
  /** the namespace of the controller */
  namespace: string;
  clock: Clock;
  log: Logger;
  /** called when every target has to be looked at again */
  onChange: () => void;
}

const CHECK_MS = 60 * 60_000;
/** Time to the next check after a failure of the API server, or while a right is missing. */
const SOON_MS = 10_000;

/**
 * Knows the keys of the seals. They are read, or made, at the start, and checked hourly. Without a key no Release can
 * be told from a forged one, so nothing is decided before a key is known. A key that is lost later is replaced by a new
 * one, with a warning.
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

  /** What prevents the controller from working; undefined: nothing. */
  get problem(): string | undefined {
    return this.#known === '' ? this.#problem : undefined;
  }

  /** Reads the Secret now and then regularly. */
  async start(): Promise<void> {
    for (;;) {
      await this.read();
      await this.#pause(CHECK_MS);
    }
  }

  /**
   * Resolves once the current key is known. A new leader needs that: another process may have made a key while this one
   * waited. Never resolves if it is stopped before.
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
