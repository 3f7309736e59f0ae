import type { TargetName, TargetKey } from '../api/target-key.ts';
import { Counter, Histogram, type Registry } from 'prom-client';
import { isTerminal } from '../api/conditions.ts';
import { PHASES, type ReleaseStatus } from '../api/kinds/release/status.ts';

/** What the metrics need from the status of a target's newest release. */
export type Shown = Pick<ReleaseStatus, 'phase' | 'observedWeight' | 'startedAt'> &
  Partial<Pick<ReleaseStatus, 'endedAt' | 'exposedAt' | 'drainStartedAt'>>;

/** From 30 s to a day: releases take minutes to hours. */
const BUCKETS = [30, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];

/** How often a namespace delivers, how long that takes, how often it fails and how long a failure lasts. */
export class DeliveryMetrics {
  readonly #ended: Counter<'namespace' | 'phase'>;
  readonly #lead: Histogram<'namespace'>;
  readonly #exposure: Histogram<'namespace'>;
  readonly #namespaces = new Set<string>();
  /** for each target whose canary has had requests in the running release: since when, in ms */
  readonly #exposed = new Map<TargetKey, number>();

  constructor(registry: Registry) {
    const registers = [registry];
    this.#ended = new Counter({
      name: 'sluice_releases_ended_total',
      help: 'Releases that ended, by namespace and final phase',
      labelNames: ['namespace', 'phase'],
      registers,
    });
    const labelNames = ['namespace'] as const;
    this.#lead = new Histogram({
      name: 'sluice_release_lead_seconds',
      help: 'From the begin of a release to the end of its promotion',
      labelNames,
      buckets: BUCKETS,
      registers,
    });
    this.#exposure = new Histogram({
      name: 'sluice_release_failed_exposure_seconds',
      help: 'How long requests could go to a version that was then rolled back or aborted',
      labelNames,
      buckets: BUCKETS,
      registers,
    });
  }

  /**
   * Starts the counters of a namespace at zero once it has a target: if a series began with 1, Prometheus would not see
   * the first increase.
   */
  seen({ namespace }: TargetName): void {
    if (this.#namespaces.has(namespace)) return;
    this.#namespaces.add(namespace);
    for (const phase of PHASES) if (isTerminal(phase)) this.#ended.inc({ namespace, phase }, 0);
    this.#lead.zero({ namespace });
    this.#exposure.zero({ namespace });
  }

  /** Notes the present state of a running release. */
  under(id: TargetKey, { exposedAt }: Shown): void {
    if (exposedAt !== undefined && !this.#exposed.has(id)) this.#exposed.set(id, Date.parse(exposedAt));
  }

  /** Counts a running release that has ended. */
  ended({ namespace }: TargetName, id: TargetKey, status: Shown): void {
    const { phase, startedAt, endedAt, drainStartedAt } = status;
    this.#ended.inc({ namespace, phase });
    if (phase === 'Promoted' && endedAt !== undefined)
      this.#lead.observe({ namespace }, secondsBetween(Date.parse(startedAt), endedAt));
    const since = this.#exposed.get(id);
    const until = drainStartedAt ?? endedAt;
    if ((phase === 'RolledBack' || phase === 'Aborted') && since !== undefined && until !== undefined)
      this.#exposure.observe({ namespace }, secondsBetween(since, until));
    this.forget(id);
  }

  forget(id: TargetKey): void {
    this.#exposed.delete(id);
  }
}

const secondsBetween = (fromMs: number, to: string): number => Math.max(0, Date.parse(to) - fromMs) / 1_000;
