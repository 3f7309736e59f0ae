import type { TargetKey, TargetName } from '../api/target-key.ts';
import type { Logger } from 'pino';
import { REASON } from '../api/reasons.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Clock } from '../lib/clock.ts';
import { isQuarantine } from '../release/decide.ts';
import { execute } from './execute.ts';
import type { Actor } from './execute.ts';
import { targetName } from '../api/target-key.ts';
import { Memory } from './observe/memory.ts';
import type { Measurements } from '../analysis/jobs/board.ts';
import type { Metrics } from './metrics.ts';
import type { ControllerConfig, Decision, Snapshot } from '../release/model.ts';
import type { Worked } from './queue.ts';
import { reconcileOnce } from './reconcile.ts';
import type { Reconciled } from './reconcile.ts';
import { Refusals } from './refusals.ts';
import { refusalKind } from '../release/status/obstacle.ts';
import type { Seal } from './seal/seal.ts';
import { FORBIDDEN, type Reader } from './observe/snapshot.ts';
import { WarningLog, type Remark } from './warnings.ts';

export interface WorkerOptions extends Omit<Actor, 'onLostEvent' | 'onWarning' | 'seal' | 'releases'> {
  /** asked before each pass, because the key may be replaced */
  seal: () => Seal;
  reader: Reader;
  measurements: Measurements;
  /** asked before each pass, because the hold mode may change */
  config: () => ControllerConfig;
  decide: (snapshot: Snapshot) => Decision;
  /** false: it neither has opted in nor has Releases */
  isTarget: (key: TargetName) => boolean;
  /** called when everything about the target can be forgotten */
  onForget?: (target: TargetKey) => void;
  clock: Clock;
  metrics: Metrics;
  log: Logger;
}

type Failure = Extract<Reconciled, { outcome: 'stale' | 'failed' }>;

/**
 * A failure that repeats this often in a row does not pass by itself: an Event tells the owner of the target. A missing
 * right never passes by itself.
 */
const LASTING = 3;
/** A guard fails now and then because objects change. If it fails this often in a row, the guard itself is wrong. */
const STUBBORN = 10;

/** What the queue does with one key: one pass, one log line if it mattered, metrics, and when to look again. */
export class Worker {
  readonly #options: WorkerOptions;
  /** the last decision or failure in the log, per target */
  readonly #told = new Map<TargetKey, string>();
  /** the present failure of a target and how often it occurred in a row */
  readonly #failing = new Map<TargetKey, { failure: string; times: number }>();

  readonly #warnings: WarningLog;
  readonly #refusals = new Refusals();
  readonly #memory = new Memory();

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#warnings = new WarningLog(options.log);
  }

  async work(target: TargetKey): Promise<Worked> {
    const { clock, metrics } = this.#options;
    const key = targetName(target);
    const nowMs = clock.now();
    const remarks: Remark[] = [];
    const pipe = {
      ...this.#actor(target, remarks),
      config: this.#options.config(),
      refusals: this.#refusals,
      memory: this.#memory,
      nowMs,
    };
    const result = await reconcileOnce(pipe, key);
    metrics.reconciled(result, (clock.now() - nowMs) / 1000);
    this.#warnings.tell(target, releaseOf(result), remarks);
    this.#tellBug(target, result);
    this.#tell(target, key, result);
    if (result.outcome === 'stale' || result.outcome === 'failed') await this.#warnOwner(target, key, result);
    else this.#failing.delete(target);
    if (!this.#options.isTarget(key)) this.#forget(target, key);
    switch (result.outcome) {
      case 'done':
        return { retry: false, requeueAfterMs: this.#again(target, result.decision) };
      case 'stale':
      case 'failed':
      case 'broken':
        return { retry: true };
      case 'unsynced': // the watches report every target when they are synced
      case 'fenced':
        return { retry: false };
    }
  }

  /** A refused write is tried again even if the decision waits longer. */
  #again(target: TargetKey, { requeueAfterMs }: Decision): number | undefined {
    const retryInMs = this.#refusals.nextInMs(target, this.#options.clock.now());
    const times = [requeueAfterMs, retryInMs].filter((each) => each !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** `remarks`: receives what the server says about the writes. */
  #actor(target: TargetKey, remarks: Remark[] = []): Omit<WorkerOptions, 'seal'> & Actor {
    const onLostEvent = (error: Error): void =>
      this.#options.log.warn({ target, error: error.message }, 'not written, and passed over');
    const onWarning = (text: string, why: string): number => remarks.push({ why, text });
    return { ...this.#options, seal: this.#options.seal(), releases: [], onLostEvent, onWarning };
  }

  /** Only logs: the decision itself informs the target's owner. */
  #tellBug(target: TargetKey, result: Reconciled): void {
    if (result.outcome === 'unsynced' || result.bug === undefined) return;
    const { log, metrics } = this.#options;
    if (!isQuarantine(result.bug)) metrics.bug('decide');
    // A quarantined target is reported once, not at each attempt.
    const level = isQuarantine(result.bug) && this.#told.has(target) ? 'debug' : 'error';
    log[level]({ target, rule: result.decision.rule, err: result.bug }, 'deciding broke');
  }

  #tell(target: TargetKey, key: TargetName, result: Reconciled): void {
    const { log, metrics } = this.#options;
    switch (result.outcome) {
      case 'unsynced':
        return log.debug({ target }, 'not synced yet');
      case 'fenced':
        return log.warn({ target, rule: result.decision.rule }, 'no action: leadership has ended');
      case 'stale':
      case 'failed':
        return this.#tellFailure(target, result);
      case 'done':
      case 'broken': {
        const { status } = result.decision;
        if (status !== undefined) metrics.release(key, status.next);
        return this.#tellDecision(target, result);
      }
    }
  }

  /** A failed guard is normal unless it fails again and again. Any other failure is reported once. */
  #tellFailure(target: TargetKey, result: Failure): void {
    const { decision, doing, error, outcome } = result;
    const { code, reason, message } = error;
    const facts = { target, rule: decision.rule, doing, code, reason, error: message };
    const failure = `${doing} ${code} ${message}`;
    const before = this.#failing.get(target);
    const times = before?.failure === failure ? before.times + 1 : 1;
    this.#failing.set(target, { failure, times });
    if (outcome === 'stale') {
      const [level, text] =
        times === STUBBORN
          ? (['warn', 'a guard keeps failing'] as const)
          : (['debug', 'the objects changed meanwhile'] as const);
      return this.#options.log[level](facts, text);
    }
    const level = this.#told.get(target) === failure ? 'debug' : 'warn';
    this.#told.set(target, failure);
    this.#options.log[level](facts, 'action failed');
  }

  /** If a status cannot be written, or a Release cannot be made, `kubectl describe` would otherwise show nothing. */
  async #warnOwner(
    target: TargetKey,
    { namespace, name }: TargetName,
    { outcome, doing, error }: Failure,
  ): Promise<void> {
    const enough = outcome === 'stale' ? STUBBORN : refusalKind(error) === 'right' ? 1 : LASTING;
    if (this.#failing.get(target)?.times !== enough) return;
    const listed = await this.#options.reader.list(RESOURCES.deployments, namespace);
    const deployments = listed === FORBIDDEN ? undefined : listed;
    const uid = deployments?.find((each) => each.metadata.name === name)?.metadata.uid;
    if (uid === undefined) return;
    const about = { resource: RESOURCES.deployments, namespace, name };
    const reason = error.code === 403 ? REASON.Forbidden : REASON.ActionFailed;
    const message = `An action of Sluice keeps failing (${doing}): ${error.message}`;
    await execute([{ do: 'event', about, uid, type: 'Warning', reason, message }], this.#actor(target));
  }

  /** One line per decision that acted, changed the status, or differs from the last one in the log. */
  #tellDecision(target: TargetKey, result: Extract<Reconciled, { acted: boolean }>): void {
    const { rule, reason, sentence, outcome, actions, status } = result.decision;
    const decision = `${rule} ${reason}`;
    const level =
      result.acted || result.statusWritten || this.#told.get(target) !== decision ? 'info' : 'debug';
    this.#told.set(target, decision);
    const did = actions.map((action) => (action.do === 'write' ? action.why : action.do));
    const facts = { target, rule, reason, outcome, did, requeueAfterMs: result.decision.requeueAfterMs };
    if (status === undefined) return this.#options.log[level](facts, sentence);
    const { phase, step, weight, observedWeight } = status.next;
    this.#options.log[level](
      { ...facts, release: status.release, phase, step, weight, observedWeight },
      sentence,
    );
  }

  #forget(target: TargetKey, key: TargetName): void {
    this.#options.measurements.forget(target);
    this.#options.metrics.forget(key);
    this.#told.delete(target);
    this.#failing.delete(target);
    this.#warnings.forget(target);
    this.#refusals.forget(target);
    this.#options.onForget?.(target);
  }
}

const releaseOf = (result: Reconciled): string | undefined =>
  result.outcome === 'unsynced' ? undefined : result.decision.status?.release;
