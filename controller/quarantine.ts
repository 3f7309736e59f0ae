import { targetKey, targetName, type TargetKey } from '../api/target-key.ts';
import { Overrun, within } from './deadline.ts';
import type { Decision, Snapshot } from '../release/model.ts';

export interface QuarantineOptions {
  decide: (snapshot: Snapshot) => Decision;
  now: () => number;
  /** CPU time that this process has used */
  cpuMs: () => number;
  /** called when a target is quarantined or released, with the number of quarantined targets */
  onChange?: (count: number) => void;
  /** a decision may take this long; default 1 s */
  limitMs?: number;
}

interface Entry {
  /** how often in a row it exceeded the limit */
  times: number;
  untilMs: number;
}

const LIMIT_MS = 1_000;
/**
 * On a busy machine the time limit is doubled up to this often; the result is well below the renew deadline of the
 * Lease.
 */
const DOUBLED = 2;
const FIRST_PAUSE_MS = 30_000;
const LONGEST_PAUSE_MS = 60 * 60_000;

/** Thrown in place of a decision. Its text stays the same for the whole pause, so that it is reported once. */
export class Quarantined extends Error {
  constructor(limitMs: number, untilMs: number) {
    super(
      `deciding takes longer than ${limitMs / 1000} s, so the target waits and is tried again at ${new Date(untilMs).toISOString()}`,
    );
    this.name = 'Quarantined';
  }
}

/**
 * Decides, and never takes longer than a few seconds. A decision that does not end is stopped, and its target is left
 * alone for a while, longer each time, so that the objects of one tenant take no time from the others. The code that
 * catches the error protects a canary with traffic meanwhile.
 */
export class Quarantine {
  readonly #options: QuarantineOptions;
  readonly #limitMs: number;
  readonly #entries = new Map<TargetKey, Entry>();

  constructor(options: QuarantineOptions) {
    this.#options = options;
    this.#limitMs = options.limitMs ?? LIMIT_MS;
  }

  /** @throws Quarantined, or what deciding throws */
  decide(snapshot: Snapshot): Decision {
    const { now, onChange } = this.#options;
    const key = targetKey(snapshot.key);
    const entry = this.#entries.get(key);
    if (entry !== undefined && entry.untilMs > now()) throw new Quarantined(this.#limitMs, entry.untilMs);
    try {
      const decision = this.#decide(snapshot, this.#limitMs);
      if (this.#entries.delete(key)) onChange?.(this.#entries.size);
      return decision;
    } catch (error) {
      if (!(error instanceof Overrun)) throw error;
      throw new Quarantined(this.#limitMs, this.#putAway(snapshot, (entry?.times ?? 0) + 1));
    }
  }

  /** If the process got little CPU time, the overrun does not show that the decision is slow. */
  #decide(snapshot: Snapshot, limitMs: number): Decision {
    const { decide, cpuMs } = this.#options;
    const before = cpuMs();
    try {
      return within(limitMs, () => decide(snapshot));
    } catch (error) {
      const starved = error instanceof Overrun && cpuMs() - before < limitMs / 2;
      if (!starved || limitMs >= this.#limitMs * 2 ** DOUBLED) throw error;
      return this.#decide(snapshot, limitMs * 2);
    }
  }

  /**
   * Lengthens the pause by the number of quarantined targets in the namespace, so that several take no more time
   * together than one.
   */
  #putAway({ key }: Snapshot, times: number): number {
    const { now, onChange } = this.#options;
    const own = targetKey(key);
    const others = [...this.#entries.keys()].filter(
      (each) => targetName(each).namespace === key.namespace && each !== own,
    ).length;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (times - 1) * (1 + others));
    const untilMs = now() + pauseMs;
    this.#entries.set(own, { times, untilMs });
    onChange?.(this.#entries.size);
    return untilMs;
  }

  /** Forgets what is no longer a target. */
  forget(target: TargetKey): void {
    if (this.#entries.delete(target)) this.#options.onChange?.(this.#entries.size);
  }
}
