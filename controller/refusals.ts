import type { RefusedWrite } from './model.ts';

/** A refused write is tried again after this long: rights are given, webhooks come back. Below the pace of a Blocked release. */
const FORGOTTEN_AFTER_MS = 25_000;

/**
 * Writes that the API server refused, by target and name, for a short while that begins with the next pass: each is seen by one at
 * least, however long the pass took that met it. In memory only: after a restart they are tried once more.
 */
export class Refusals {
  readonly #noted = new Map<string, Map<string, RefusedWrite & { untilMs?: number }>>();

  note(target: string, name: string, { code, message }: RefusedWrite): void {
    const of = this.#noted.get(target) ?? new Map<string, RefusedWrite & { untilMs?: number }>();
    this.#noted.set(target, of.set(name, { code, message }));
  }

  of(target: string, nowMs: number): Record<string, RefusedWrite> {
    const noted = this.#noted.get(target);
    for (const [name, each] of noted ?? [])
      if ((each.untilMs ??= nowMs + FORGOTTEN_AFTER_MS) <= nowMs) noted?.delete(name);
    const live = [...(noted ?? [])].map(([name, { code, message }]) => [name, { code, message }]);
    return Object.fromEntries(live) as Record<string, RefusedWrite>;
  }

  /** Milliseconds until the next of them may be tried again; undefined: none is waiting. */
  nextInMs(target: string, nowMs: number): number | undefined {
    const noted = [...(this.#noted.get(target)?.values() ?? [])];
    const untilMs = noted.map((each) => each.untilMs ?? nowMs + FORGOTTEN_AFTER_MS);
    return untilMs.length === 0 ? undefined : Math.max(0, Math.min(...untilMs) - nowMs);
  }

  forget(target: string): void {
    this.#noted.delete(target);
  }
}
