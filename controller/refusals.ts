import type { TargetKey } from '../api/target-key.ts';
import type { RefusedWrite } from '../release/model.ts';
import { refusalKind } from '../release/status/obstacle.ts';

/**
 * A refused write is tried again after this long, because rights may be granted and webhooks may come back. Shorter
 * than the interval at which a Blocked release is looked at.
 */
const FORGOTTEN_AFTER_MS = 25_000;

type Noted = Omit<RefusedWrite, 'kind' | 'sinceMs'>;

interface Entry extends RefusedWrite {
  /** set by the first pass that sees the refusal */
  untilMs?: number;
}

/**
 * Writes that the API server refused, by target and name, for a short while. The while begins with the next pass, so at
 * least one pass sees each refusal, however long the pass took that caused it. A write that is refused again and again
 * stays one entry, dated by the first refusal. In memory only: after a restart each is tried once more.
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

  /** The server accepted the write. */
  took(target: TargetKey, name: string): void {
    this.#noted.get(target)?.delete(name);
  }

  /**
   * A pass was completed. Transient failures that no rule waits for are forgotten: those writes took place meanwhile or
   * are no longer wanted. So a write whose answer was lost is not tried again.
   */
  passed(target: TargetKey): void {
    const noted = this.#noted.get(target);
    for (const [name, each] of noted ?? []) if (each.kind === 'transient' && !each.noted) noted?.delete(name);
  }

  of(target: TargetKey, nowMs: number): Record<string, RefusedWrite> {
    const noted = this.#noted.get(target);
    for (const [name, each] of noted ?? [])
      // No longer shown, but remembered for a while longer: if the write is refused again, the first refusal still
      // dates it.
      if ((each.untilMs ??= nowMs + FORGOTTEN_AFTER_MS) + FORGOTTEN_AFTER_MS <= nowMs) noted?.delete(name);
    const shown = [...(noted ?? [])].filter(([, { untilMs = Infinity }]) => untilMs > nowMs);
    return Object.fromEntries(shown.map(([name, each]) => [name, plain(each)]));
  }

  /** Milliseconds until the next refused write may be tried again; undefined: no write is waiting. */
  nextInMs(target: TargetKey, nowMs: number): number | undefined {
    const noted = [...(this.#noted.get(target)?.values() ?? [])];
    const untilMs = noted
      .map((each) => each.untilMs ?? nowMs + FORGOTTEN_AFTER_MS)
      .filter((until) => until > nowMs);
    return untilMs.length === 0 ? undefined : Math.min(...untilMs) - nowMs;
  }

  /** The current refusals. Unlike `of`, this does not start the time limit of refusals that no pass has seen. */
  all(target: TargetKey, nowMs: number): RefusedWrite[] {
    const noted = [...(this.#noted.get(target)?.values() ?? [])];
    return noted.filter(({ untilMs = Infinity }) => untilMs > nowMs).map(plain);
  }

  /** Notes that deciding threw; returns since when it has done so without interruption. */
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
