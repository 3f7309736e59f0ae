import { isTerminal } from '../../api/conditions.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { isNothing, splitText, wantedSplit } from '../../api/split.ts';
import type { Reconciled } from '../../controller/reconcile.ts';
import { liveSplit } from './split.ts';
import type { World } from './world.ts';

const TICK_MS = 1_000;
const INTERVALS = 4;
/** the interval of the simulation's templates */
const INTERVAL_MS = 10_000;
/** A window is measured one scrape interval after its end; then a few passes judge and record it. */
const LATE_MS = 5_000 + 3_000;
/** A failed request is tried again after at most ten seconds, and one of several has to succeed. */
const RETRIES_MS = 25_000;
/** A controller that has just started looks once before it reports that it is blind. */
const FIRST_LOOK_MS = 120_000;

/** The results of a run of the simulation, added up over all its worlds. */
export class LawReport {
  ticks = 0;
  readonly #ages = new Map<number, number>();
  readonly #ranOut = new Map<string, number>();
  #boundedTicks = 0;

  /** one look at a world in which the canary has requests */
  live(ageMs: number, bounded: boolean): void {
    this.ticks += 1;
    if (bounded) this.#boundedTicks += 1;
    else this.#add(this.#ages, Math.round(ageMs / 1000));
  }

  ranOut(clock: string): void {
    this.#add(this.#ranOut, clock);
  }

  text(): string {
    const ages = [...this.#ages].sort(([a], [b]) => a - b);
    const judged = ages.reduce((sum, [, count]) => sum + count, 0);
    let seen = 0;
    const p99 = ages.find(([, count]) => (seen += count) >= 0.99 * judged)?.[0] ?? 0;
    const clocks = [...this.#ranOut].sort().map(([name, count]) => `${name} ${count}`);
    return [
      `ticks with live weight: ${this.ticks}, of them ${this.#boundedTicks} under a bounded clock or on the way to 0`,
      `age of the last judgement in the others: max ${ages.at(-1)?.[0] ?? 0} s, p99 ${p99} s`,
      `clocks that ran out: ${clocks.join(', ') || 'none'}`,
    ].join('\n');
  }

  #add<K>(counts: Map<K, number>, key: K): void {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
}

export const REPORT = new LawReport();

/** Decisions that take the canary's traffic away because the judge had no data. */
const CLOCKS = new Set(['nothing-judged', 'weight-unconfirmed']);

/**
 * While any request goes to the canary, one of these is true: a window that is not older than four intervals
 * was judged, or a bounded clock runs and is shown, or the weight is on its way to 0. Checked every second of
 * the virtual clock, whatever the controller does.
 */
export class FirstLaw {
  readonly #world: World;
  readonly #say: (what: string) => void;
  #liveSinceMs: number | undefined;
  #leavingSinceMs: number | undefined;
  #crashedAtMs = -Infinity;
  #crashes = 0;
  #faultsUntilMs = 0;
  #told = false;

  constructor(world: World, say: (what: string) => void) {
    this.#world = world;
    this.#say = say;
    const tick = (): void => {
      this.#look();
      world.clock.after(TICK_MS, tick);
    };
    world.clock.after(TICK_MS, tick);
  }

  afterPass(result: Reconciled): void {
    if (result.outcome === 'done' && CLOCKS.has(result.decision.rule)) REPORT.ranOut(result.decision.rule);
    if (result.outcome === 'failed' || result.outcome === 'stale')
      this.#faultsUntilMs = this.#world.clock.now() + RETRIES_MS;
  }

  /** The canary should have no more requests, and this was decided only recently. */
  #isLeaving(status: ReleaseStatus, nowMs: number): boolean {
    const wanted = status.phase !== 'RollingBack' && !isNothing(wantedSplit(status));
    this.#leavingSinceMs = wanted ? undefined : (this.#leavingSinceMs ?? nowMs);
    const allowedMs = RETRIES_MS + this.#world.staleFor + Math.max(0, this.#faultsUntilMs - nowMs);
    return this.#leavingSinceMs !== undefined && nowMs - this.#leavingSinceMs < allowedMs;
  }

  #look(): void {
    const nowMs = this.#world.clock.now();
    if (this.#world.crashes !== this.#crashes) this.#crashedAtMs = nowMs;
    this.#crashes = this.#world.crashes;
    const split = liveSplit(this.#world);
    const release = this.#world.releases().find(({ status }) => !isTerminal(status?.phase ?? 'Pending'));
    if (isNothing(split) || release?.status === undefined) {
      this.#liveSinceMs = undefined;
      this.#leavingSinceMs = undefined;
      return;
    }
    this.#liveSinceMs ??= nowMs;
    const { status } = release;
    const ageMs = nowMs - Math.max(this.#liveSinceMs, status.analysis?.dataUntilMs ?? 0);
    const patience =
      nowMs - this.#crashedAtMs < FIRST_LOOK_MS + RETRIES_MS ? FIRST_LOOK_MS + LATE_MS : LATE_MS;
    const leaving = this.#isLeaving(status, nowMs);
    const bounded =
      leaving || (status.clocks ?? []).some(({ until }) => Date.parse(until) + patience > nowMs);
    REPORT.live(ageMs, bounded && ageMs > INTERVALS * INTERVAL_MS);
    const allowedMs =
      INTERVALS * INTERVAL_MS + LATE_MS + this.#world.staleFor + Math.max(0, this.#faultsUntilMs - nowMs);
    if (bounded || ageMs <= allowedMs || this.#told) return;
    this.#told = true;
    const seconds = Math.round(ageMs / 1000);
    this.#say(`${splitText(split)}: nothing judged for ${seconds} s, no clock runs (${this.#world.phase()})`);
  }
}
