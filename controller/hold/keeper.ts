import type { TargetName } from '../../api/target-key.ts';
import type { Logger } from 'pino';
import type { KubeObject } from '../../api/kube.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Clock } from '../../lib/clock.ts';
import type { HoldMode } from '../../release/model.ts';
import { checkPolicies, type Checked, type PolicyReader } from './check.ts';

/** The values of `--hold`. */
export const HOLDS = ['pause', 'admission', 'auto'] as const;
export type Hold = (typeof HOLDS)[number];

export interface KeeperOptions {
  wanted: Hold;
  client: PolicyReader;
  /** the policies as shipped with this version */
  shipped: readonly KubeObject[];
  /** targets on which a dry run may try the controller's own writes; undefined: not known yet */
  targets: () => readonly TargetName[] | undefined;
  clock: Clock;
  log: Logger;
  /** called when every target has to be looked at again */
  onChange: () => void;
  onBug: (error: unknown) => void;
}

const CHECK_MS = 60 * 60_000;
/** Time to the next check while there is no target on which to try a write. */
const UNTRIED_MS = 60_000;
/** Time to the next check after a failure of the API server, or after a change escaped. */
const SOON_MS = 10_000;
/** Time to wait for the list of targets; if it takes longer, the writes are tried at a later check. */
const TARGETS_MS = 10_000;
const TARGETS_AGAIN_MS = 100;
/**
 * If no answer comes for this long at the start, work begins in pause mode: nothing may delay the rollback of a
 * release.
 */
const PATIENCE_MS = 60_000;
const UNCHECKED = 'the admission policies could not be checked';

/**
 * Knows the hold mode in force. It is admission mode only while the policies in the cluster are those of this version
 * and let the controller's own writes pass: checked at the start, hourly, and after a change has escaped. Otherwise it
 * is pause mode, with a warning.
 */
export class HoldKeeper {
  readonly #options: KeeperOptions;
  #mode: HoldMode = 'pause';
  #known: boolean;
  #state: string;
  #dueMs = Infinity;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#known = options.wanted === 'pause';
    this.#state =
      options.wanted === 'pause'
        ? 'hold: pause'
        : `hold: ${options.wanted}, the policies are not checked yet`;
  }

  get mode(): HoldMode {
    return this.#mode;
  }

  /**
   * As metrics show it: unknown while a controller waits for the Lease, because it has not looked at the policies yet.
   */
  get shown(): HoldMode | 'unknown' {
    return this.#known ? this.#mode : 'unknown';
  }

  /** The mode in force and why, in one line: shown by /readyz. */
  get state(): string {
    return this.#state;
  }

  /**
   * Resolves once the mode is known, or after a minute without an answer; never if it is stopped before. Later checks
   * run by themselves.
   */
  async start(): Promise<void> {
    const { wanted, targets, clock } = this.#options;
    if (wanted === 'pause') return;
    const patientUntilMs = clock.now() + TARGETS_MS;
    while (targets() === undefined && clock.now() < patientUntilMs) await this.#pause(TARGETS_AGAIN_MS);
    const giveUpMs = clock.now() + PATIENCE_MS;
    for (;;) {
      const failure = await this.#check();
      if (failure === undefined) return;
      if (clock.now() >= giveUpMs)
        return this.#apply({ good: false, absent: false, sentence: failure }, SOON_MS);
      await this.#pause(SOON_MS);
    }
  }

  /** A change escaped that should have been held: checks the policies again soon. */
  doubt(): void {
    if (this.#mode === 'admission') this.#schedule(SOON_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#stopped) this.#cancel = this.#options.clock.after(ms, resolve);
    });
  }

  /** @returns what is wrong if the API server did not answer; then the mode stays as it is */
  async #check(): Promise<string | undefined> {
    const { client, shipped, targets, log } = this.#options;
    try {
      const checked = await checkPolicies(client, shipped, targets() ?? []);
      if (!this.#stopped) this.#apply(checked);
      return undefined;
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      log.warn({ code: error.code, error: error.message }, UNCHECKED);
      return `${UNCHECKED}: ${error.message}`;
    }
  }

  #apply(checked: Checked, againMs = CHECK_MS): void {
    const { wanted, log, onChange } = this.#options;
    const before = this.#mode;
    this.#known = true;
    this.#mode = checked.good ? 'admission' : 'pause';
    if (checked.good) {
      const untried = checked.untried === undefined ? '' : `; own writes not tried: ${checked.untried}`;
      this.#state = `hold: admission${untried}`;
      if (before !== this.#mode) log.info({ wanted, mode: this.#mode }, this.#state);
    } else {
      this.#state = `hold: pause, although --hold=${wanted}: ${checked.sentence}`;
      const level =
        wanted === 'admission' || before === 'admission' ? 'error' : checked.absent ? 'info' : 'warn';
      log[level]({ wanted, mode: this.#mode }, this.#state);
    }
    if (before !== this.#mode) onChange();
    this.#schedule(checked.good && checked.untried !== undefined ? UNTRIED_MS : againMs);
  }

  /** The earlier of two requested times counts. */
  #schedule(ms: number): void {
    const { clock } = this.#options;
    const dueMs = clock.now() + ms;
    if (this.#stopped || dueMs >= this.#dueMs) return;
    this.#cancel?.();
    this.#dueMs = dueMs;
    this.#cancel = clock.after(ms, () => {
      this.#dueMs = Infinity;
      this.#check().then((failure) => {
        if (failure !== undefined) this.#schedule(SOON_MS);
      }, this.#options.onBug);
    });
  }
}
