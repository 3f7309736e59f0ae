import type { TargetKey } from '../api/target-key.ts';
import type { RefusedWrite } from '../release/model.ts';
import { refusalKind } from '../release/status/obstacle.ts';

/** A refused write is tried again after this long: rights are given, webhooks come back. Below the pace of a Blocked release. */
const FORGOTTEN_AFTER_MS = 25_000;

type Noted = Omit<RefusedWrite, 'kind' | 'sinceMs'>;

interface Entry extends RefusedWrite {
  /** set by the first pass that sees it */
  untilMs?: number;
}

/**
 * Writes that the API server refused, by target and name, for a short while that begins with the next pass: each is seen by one at
 * least, however long the pass took that met it. One that is refused again and again is one entry that began with the first. In
 * memory only: after a restart they are tried once more.
 */
export class Refusals {
  readonly #noted = new Map<TargetKey, Map<string, Entry>>();
  /** since when nothing can be decided about a target, because deciding throws */
  readonly #brokenSinceMs = new Map<TargetKey, number>();

  note(target: TargetKey, name: string, refused: Noted, nowMs: number): void {
    const of = this.#noted.get(target) ?? new Map<string, Entry>();
    const before = of.get(name);
    const kind = refusalKind(refused);
    const sinceMs = before?.kind === kind && before.release === refused.release ? before.sinceMs : nowMs;
    this.#noted.set(target, of.set(name, { ...refused, kind, sinceMs }));
  }

  /** The server took it. */
  took(target: TargetKey, name: string): void {
    this.#noted.get(target)?.delete(name);
  }

  /**
   * A pass came to its end. What the server could not do for the moment, and no rule waits for, has been done meanwhile or is not wanted
   * any more: a write whose answer was lost is not tried again.
   */
  passed(target: TargetKey): void {
    const noted = this.#noted.get(target);
    for (const [name, each] of noted ?? []) if (each.kind === 'transient' && !each.noted) noted?.delete(name);
  }

  of(target: TargetKey, nowMs: number): Record<string, RefusedWrite> {
    const noted = this.#noted.get(target);
    for (const [name, each] of noted ?? [])
      // Not shown any more, but remembered a while longer: refused again, it is refused since then.
      if ((each.untilMs ??= nowMs + FORGOTTEN_AFTER_MS) + FORGOTTEN_AFTER_MS <= nowMs) noted?.delete(name);
    const shown = [...(noted ?? [])].filter(([, { untilMs = Infinity }]) => untilMs > nowMs);
    return Object.fromEntries(shown.map(([name, each]) => [name, plain(each)]));
  }

  /** Milliseconds until the next of them may be tried again; undefined: none is waiting. */
  nextInMs(target: TargetKey, nowMs: number): number | undefined {
    const noted = [...(this.#noted.get(target)?.values() ?? [])];
    const untilMs = noted
      .map((each) => each.untilMs ?? nowMs + FORGOTTEN_AFTER_MS)
      .filter((until) => until > nowMs);
    return untilMs.length === 0 ? undefined : Math.min(...untilMs) - nowMs;
  }

  /** Those that stand, without starting the clock of those that no pass has seen. */
  all(target: TargetKey, nowMs: number): RefusedWrite[] {
    const noted = [...(this.#noted.get(target)?.values() ?? [])];
    return noted.filter(({ untilMs = Infinity }) => untilMs > nowMs).map(plain);
  }

  /** Deciding threw; since when without a pause. */
  broke(target: TargetKey, nowMs: number): number {
    const sinceMs = this.#brokenSinceMs.get(target) ?? nowMs;
    this.#brokenSinceMs.set(target, sinceMs);
    return sinceMs;
  }

  mended(target: TargetKey): void {
    this.#brokenSinceMs.delete(target);
  }

  forget(target: TargetKey): void {
    this.#brokenSinceMs.delete(target);
    this.#noted.delete(target);
  }
}

function plain(entry: Entry): RefusedWrite {
  const rest = { ...entry };
  delete rest.untilMs;
  return rest;
}
