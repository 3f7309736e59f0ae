import { setTimeout as sleep } from 'node:timers/promises';
import { ANNOTATION } from '../../api/names.ts';
import type { Strategy } from '../../api/kinds/policy/strategy.ts';
import type { DecisionRecord, Phase, ReleaseStatus } from '../../api/kinds/release/status.ts';
import { parseRelease, type Release } from '../../api/kinds/release/release.ts';
import { isNothing, observedSplit, wantedSplit } from '../../api/split.ts';
import type { Split } from '../../api/split.ts';
import { Mirror, pathOf } from '../dataplane/proxy/api-client.ts';
import { SCENARIOS } from './catalog.ts';
import type { Incident, Scenario, ScenarioName } from './catalog.ts';
import { leftovers, listEverything } from './leftovers.ts';
import type { Listing } from './leftovers.ts';
import { APP, NAMESPACE } from './objects.ts';
import { until } from './stage.ts';
import type { Stage } from './stage.ts';

/** The last line of a headless run. */
export interface Outcome {
  scenario: ScenarioName;
  provider: string;
  strategy: Strategy;
  phase: Phase;
  reason: string;
  /** distinct weights above 0, as they were observed */
  weights: number[];
  /** the largest percent of requests that was copied to the version under test, as observed */
  mirror: number;
  /** whether requests that match went to it, as observed */
  matching: boolean;
  /**
   * from the first canary traffic (or, if there was none, the beginning of the release) to the decision to
   * roll back
   */
  detectionSeconds: number | null;
  /** requests that the version under test answered before the decision */
  canaryRequests: number;
  /** those of them that carried the mark of the A/B test */
  matchedRequests: number;
  /** requests that failed although no application was told to fail */
  clientErrors: number;
  /** what remains in the API that the user did not write; see leftovers.ts */
  leftovers: string[];
}

/** What differs from what is expected; []: the scenario ended as it should. */
export function faultsOf({ scenario, phase, clientErrors, leftovers }: Outcome): string[] {
  const { wantPhase } = SCENARIOS[scenario];
  return [
    ...(phase === wantPhase ? [] : [`${phase} instead of ${wantPhase}`]),
    ...(clientErrors === 0 ? [] : [`${clientErrors} requests were lost`]),
    ...(leftovers.length === 0 ? [] : [`left behind: ${leftovers.join(', ')}`]),
  ];
}

export interface Audience {
  /** the user's change has been written */
  changed?(image: string): void;
  decision?(record: DecisionRecord, release: Release): void;
  /** the Release changed in any way */
  progress?(release: Release): void;
  /** the user has resumed a release that waited for them */
  resumed?(): void;
  incident?(incident: Incident, now: 'begins' | 'ends'): void;
}

const ENDED: readonly Phase[] = ['Promoted', 'RolledBack', 'Aborted', 'Superseded', 'Escaped', 'Blocked'];
const LEAVING: readonly Phase[] = ['Promoting', 'RollingBack', ...ENDED];
/** A release, or a clean-up, that takes longer hangs; a busy machine is slower but still correct. */
const LIMIT_SECONDS = 900;
const CLEAN_SECONDS = 300;
/** how long load continues after the end, to find out whether clean-up breaks anything */
const AFTERWARDS_MS = 2000;

/**
 * Plays one scenario on a stage while load is running: change, release, end, clean-up; resolves to the
 * outcome.
 */
export async function play(stage: Stage, scenario: Scenario, audience: Audience): Promise<Outcome> {
  const play = new Play(stage, scenario, audience);
  try {
    return await play.run();
  } finally {
    play.close();
  }
}

class Play {
  private readonly stage: Stage;
  private readonly scenario: Scenario;
  private readonly audience: Audience;
  private readonly mirror: Mirror;
  private readonly exposure = { weights: [] as number[], mirror: 0, matching: false };
  private readonly pending: Incident[];
  private readonly under: Promise<void>[] = [];
  private known: Set<string> | undefined;
  private release: Release | undefined;
  private goingOn = false;
  private readonly told = new Set<string>();
  private startedMs = 0;
  private exposedMs: number | undefined;
  private decided: { ms: number; total: number; marked: number } | undefined;

  constructor(stage: Stage, scenario: Scenario, audience: Audience) {
    this.stage = stage;
    this.scenario = scenario;
    this.audience = audience;
    this.pending = [...scenario.incidents];
    const path = pathOf('sluice.dev/v1alpha1', 'releases', NAMESPACE);
    this.mirror = new Mirror({ client: stage.client, path, onChange: () => this.look() });
  }

  async run(): Promise<Outcome> {
    const { stage, scenario } = this;
    const errorsBefore = stage.load.snapshot().clientErrors;
    const before = await this.change();
    await until(`the release of ${scenario.tag} has ended`, () => this.ended(), LIMIT_SECONDS);
    await Promise.all(this.under);
    let left: string[] = [];
    const deadline = performance.now() + CLEAN_SECONDS * 1000;
    do {
      await sleep(AFTERWARDS_MS);
      left = leftovers(before, await listEverything(stage.client));
    } while (left.length > 0 && performance.now() < deadline);
    const { phase = 'Pending', reason = '' } = this.release?.status ?? {};
    return {
      scenario: scenario.name,
      provider: stage.options.provider,
      strategy: stage.tactics.strategy,
      phase,
      reason,
      ...this.exposure,
      detectionSeconds: phase === 'RolledBack' ? this.detectionSeconds() : null,
      canaryRequests: this.decided?.total ?? 0,
      matchedRequests: this.decided?.marked ?? 0,
      clientErrors: stage.load.snapshot().clientErrors - errorsBefore,
      leftovers: left,
    };
  }

  close(): void {
    this.mirror.stop();
    this.stage.prometheus.down = false;
  }

  /** The user's action: one new image. Returns the listing from before it, with that change in it. */
  private async change(): Promise<Listing> {
    const { client } = this.stage;
    await until('the list of Releases is known', () => this.known !== undefined);
    const before = await listEverything(client);
    const image = `shop:${this.scenario.tag}`;
    this.startedMs = performance.now();
    const changed = await client.patch(pathOf('apps/v1', 'deployments', NAMESPACE, APP), 'strategic-merge', {
      spec: { template: { spec: { containers: [{ name: 'web', image }] } } },
    });
    before.set(`deployments.apps ${NAMESPACE}/${APP}`, changed);
    this.audience.changed?.(image);
    this.strike(0);
    return before;
  }

  private look(): void {
    const releases = this.mirror
      .all()
      .map(parseRelease)
      .flatMap((read) => (read.ok ? [read.value] : []));
    this.known ??= new Set(releases.map((one) => one.metadata.name));
    const known = this.known;
    const mine = releases.filter((one) => !known.has(one.metadata.name));
    this.release = mine.find((one) => this.isUnderTest(one));
    if (this.release?.status !== undefined) this.follow(this.release);
  }

  private isUnderTest(release: Release): boolean {
    return JSON.stringify(release.spec.canary.template).includes(`"shop:${this.scenario.tag}"`);
  }

  private follow(release: Release): void {
    const { status } = release;
    if (status === undefined) return;
    if (!LEAVING.includes(status.phase)) this.see(observedSplit(status));
    if (LEAVING.includes(status.phase)) this.decided ??= this.now();
    if (this.isTrying(status)) this.goOn(release);
    for (const record of status.decisions) this.tell(record, release);
    this.audience.progress?.(release);
  }

  /** Copies and matching requests count as the beginning, just like any weight. */
  private see(observed: Split): void {
    if (isNothing(observed)) return;
    this.exposedMs ??= performance.now();
    const { weight, mirror, matching } = observed;
    const { weights } = this.exposure;
    if (weight > 0 && weight !== weights.at(-1)) weights.push(weight);
    this.exposure.mirror = Math.max(this.exposure.mirror, mirror);
    this.exposure.matching ||= matching;
    this.strike(mirror > 0 || matching ? Infinity : weight);
  }

  /** Blue-green without copies waits until a user has tried the new version. */
  private isTrying(status: ReleaseStatus): boolean {
    const quiet = status.phase === 'Waiting' && isNothing(wantedSplit(status));
    return quiet && this.stage.tactics.strategy === 'blueGreen' && !this.goingOn;
  }

  /** Writes what `sluice resume` writes. */
  private goOn({ metadata, status }: Release): void {
    this.goingOn = true;
    const path = pathOf('sluice.dev/v1alpha1', 'releases', NAMESPACE, metadata.name);
    const annotations = { [ANNOTATION.resumedStep]: String(status?.step) };
    this.stage.client.patch(path, 'merge', { metadata: { annotations } }).then(
      () => this.audience.resumed?.(),
      // the next change of the Release leads to another try
      () => (this.goingOn = false),
    );
  }

  /**
   * The log replaces its last record while the reason stays the same: every new sentence is reported once.
   */
  private tell(record: DecisionRecord, release: Release): void {
    const key = `${record.time} ${record.reason} ${record.sentence}`;
    if (this.told.has(key)) return;
    this.told.add(key);
    this.audience.decision?.(record, release);
  }

  private now(): NonNullable<Play['decided']> {
    const version = this.scenario.tag.split('_')[0] ?? '';
    const { versions } = this.stage.load.snapshot();
    const { total = 0, marked = 0 } = versions[version] ?? {};
    return { ms: performance.now(), total, marked };
  }

  private ended(): boolean {
    const { status } = this.release ?? {};
    return status !== undefined && ENDED.includes(status.phase);
  }

  private detectionSeconds(): number | null {
    if (this.decided === undefined) return null;
    return Math.round((this.decided.ms - (this.exposedMs ?? this.startedMs)) / 100) / 10;
  }

  private strike(weight: number): void {
    for (const incident of this.pending.filter((one) => one.atWeight <= weight)) {
      this.pending.splice(this.pending.indexOf(incident), 1);
      this.under.push(this.suffer(incident));
    }
  }

  private async suffer(incident: Incident): Promise<void> {
    this.audience.incident?.(incident, 'begins');
    this.set(incident, true);
    await sleep(incident.seconds * 1000);
    this.set(incident, false);
    this.audience.incident?.(incident, 'ends');
  }

  private set(incident: Incident, on: boolean): void {
    if (incident.what === 'prometheus-down') this.stage.prometheus.down = on;
    else this.stage.load.setRate(on ? 0 : this.stage.options.requestsPerSecond);
  }
}
