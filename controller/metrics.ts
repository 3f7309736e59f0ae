import { targetKey, type TargetKey, type TargetName } from '../api/target-key.ts';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Measurement } from '../api/analysis.ts';
import { isTerminal } from '../api/conditions.ts';
import type { Phase } from '../api/kinds/release/status.ts';
import { DeliveryMetrics, type Shown } from './delivery-metrics.ts';
import type { Reconciled } from './reconcile.ts';

/** Where the metrics read values at each scrape. */
export interface MetricSources {
  queueDepth: () => number;
  isLeader: () => boolean;
  hold: () => { wanted: string; mode: string };
  /** namespaces with targets about which nothing can be decided */
  blind: () => readonly string[];
  /** is the policy in force that lets only the controller write Releases? */
  releasesKept: () => boolean;
}

/** The metrics of one controller, all named `sluice_*`, beside those of the Node process. */
export class Metrics {
  readonly registry = new Registry();
  readonly #reconciles: Counter<'outcome'>;
  readonly #seconds: Histogram;
  readonly #decisions: Counter<'rule' | 'reason'>;
  readonly #measurements: Counter<'outcome'>;
  readonly #measureSeconds: Histogram;
  readonly #quarantined: Gauge;
  readonly #waitSeconds: Histogram<'namespace'>;
  readonly #phase: Gauge<'namespace' | 'target' | 'phase'>;
  readonly #weight: Gauge<'namespace' | 'target'>;
  readonly #delivery: DeliveryMetrics;
  readonly #apiErrors: Counter<'resource' | 'code'>;
  readonly #bugs: Counter<'where'>;
  /** the phase shown for each target */
  readonly #shown = new Map<TargetKey, Phase>();

  constructor(sources: MetricSources) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    const counter = <L extends string>(name: string, help: string, labelNames: L[]): Counter<L> =>
      new Counter({ name, help, labelNames, registers });
    this.#reconciles = counter('sluice_reconciles_total', 'Reconcile passes, by outcome', ['outcome']);
    this.#decisions = counter('sluice_decisions_total', 'Decisions, by rule and reason', ['rule', 'reason']);
    this.#measurements = counter('sluice_measurements_total', 'Metrics measured, by outcome', ['outcome']);
    this.#delivery = new DeliveryMetrics(this.registry);
    this.#apiErrors = counter('sluice_watch_errors_total', 'Failed lists and watches', ['resource', 'code']);
    this.#bugs = counter('sluice_bugs_total', 'Unexpected exceptions, by place: decide, reconcile, measure', [
      'where',
    ]);
    const buckets = [0.005, 0.02, 0.1, 0.5, 2, 10];
    this.#seconds = new Histogram({
      name: 'sluice_reconcile_duration_seconds',
      help: 'Duration of one reconcile pass',
      buckets,
      registers,
    });
    this.#measureSeconds = new Histogram({
      name: 'sluice_measure_duration_seconds',
      help: 'Duration of one measurement job',
      buckets,
      registers,
    });
    this.#quarantined = new Gauge({
      name: 'sluice_targets_quarantined',
      help: 'Targets left alone for a while because deciding about them took too long',
      registers,
    });
    this.#waitSeconds = new Histogram({
      name: 'sluice_measure_wait_seconds',
      help: 'How long measurement jobs waited for their turn, by namespace of the target',
      labelNames: ['namespace'],
      buckets: [1, 10, 60],
      registers,
    });
    this.#phase = new Gauge({
      name: 'sluice_release_phase',
      help: '1 for the phase of the newest release of each target',
      labelNames: ['namespace', 'target', 'phase'],
      registers,
    });
    this.#weight = new Gauge({
      name: 'sluice_release_weight_percent',
      help: 'Weight of the canary as observed; absent while it cannot be read',
      labelNames: ['namespace', 'target'],
      registers,
    });
    read('sluice_queue_depth', 'Targets waiting for work', sources.queueDepth, this.registry);
    showHold(sources.hold, this.registry);
    showBlind(sources.blind, this.registry);
    showKept(sources.releasesKept, this.registry);
    read('sluice_leader', '1 if this controller leads', () => (sources.isLeader() ? 1 : 0), this.registry);
  }

  reconciled(result: Reconciled, seconds: number): void {
    this.#reconciles.inc({ outcome: result.outcome });
    this.#seconds.observe(seconds);
    if (result.outcome !== 'done') return;
    this.#decisions.inc({ rule: result.decision.rule, reason: result.decision.reason });
  }

  /** Shows the newest release of a target. */
  release(key: TargetName, status: Shown): void {
    const { phase, observedWeight } = status;
    const id = targetKey(key);
    const labels = { namespace: key.namespace, target: key.name };
    const before = this.#shown.get(id);
    this.#delivery.seen(key);
    if (!isTerminal(phase)) this.#delivery.under(id, status);
    if (before !== phase) {
      if (before !== undefined) this.#phase.remove({ ...labels, phase: before });
      this.#phase.set({ ...labels, phase }, 1);
      this.#shown.set(id, phase);
      if (before !== undefined && isTerminal(phase)) this.#delivery.ended(key, id, status);
    }
    if (observedWeight === null) this.#weight.remove(labels);
    else this.#weight.set(labels, observedWeight);
  }

  /** Removes a target from the metrics. */
  forget(key: TargetName): void {
    const id = targetKey(key);
    const labels = { namespace: key.namespace, target: key.name };
    const phase = this.#shown.get(id);
    if (phase === undefined) return;
    this.#phase.remove({ ...labels, phase });
    this.#weight.remove(labels);
    this.#delivery.forget(id);
    this.#shown.delete(id);
  }

  measured(measurements: readonly Measurement[], seconds: number): void {
    this.#measureSeconds.observe(seconds);
    for (const { outcome } of measurements) this.#measurements.inc({ outcome });
  }

  quarantined(count: number): void {
    this.#quarantined.set(count);
  }

  waited(namespace: string, seconds: number): void {
    this.#waitSeconds.observe({ namespace }, seconds);
  }

  bug(where: 'decide' | 'reconcile' | 'measure'): void {
    this.#bugs.inc({ where });
  }

  watchFailed(resource: string, code: number): void {
    this.#apiErrors.inc({ resource, code: String(code) });
  }
}

function showKept(kept: () => boolean, registry: Registry): void {
  const help = '1 if the policy sluice-releases is in force';
  read('sluice_policy_in_force', help, () => (kept() ? 1 : 0), registry);
}

function showHold(hold: MetricSources['hold'], registry: Registry): void {
  new Gauge({
    name: 'sluice_hold_mode',
    help: '1 for the hold mode in force, with the one that --hold asks for as a label',
    labelNames: ['wanted', 'mode'],
    registers: [registry],
    collect() {
      this.reset();
      this.set(hold(), 1);
    },
  });
}

function showBlind(blind: MetricSources['blind'], registry: Registry): void {
  new Gauge({
    name: 'sluice_namespace_unreadable',
    help: '1 for a namespace with targets in which Sluice decides nothing, because it may not read something it needs',
    labelNames: ['namespace'],
    registers: [registry],
    collect() {
      this.reset();
      for (const namespace of blind()) this.set({ namespace }, 1);
    },
  });
}

function read(name: string, help: string, value: () => number, registry: Registry): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}
