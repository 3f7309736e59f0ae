import type { Logger } from 'pino';
import { MeasurementBoard } from '../analysis/jobs/board.ts';
import type { Measurement } from '../api/analysis.ts';
import type { MeasureJob } from '../api/measuring.ts';
import { FIELD_MANAGER, HOME } from '../api/names.ts';
import { REASON } from '../api/reasons.ts';
import type { Resource } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { LeaderElection } from '../kube/lease.ts';
import type { Transport } from '../kube/types.ts';
import type { Clock } from '../lib/clock.ts';
import type { RunConfig } from './config.ts';
import { EventRecorder } from './events.ts';
import { Fence } from './hold/fence.ts';
import { HoldKeeper } from './hold/keeper.ts';
import { shippedFence, shippedPolicies } from './hold/shipped.ts';
import { targetKey, type TargetKey } from '../api/target-key.ts';
import { Metrics } from './metrics.ts';
import type { Decision, Snapshot } from '../release/model.ts';
import { Quarantine } from './quarantine.ts';
import { WorkQueue } from './queue.ts';
import { mayBeAbsent } from '../release/rights.ts';
import { SealKeeper } from './seal/keeper.ts';
import { Seldom } from './observe/seldom.ts';
import { serveHealth } from './server.ts';
import { Watches } from './watches.ts';
import { Worker } from './worker.ts';

export interface RunDeps {
  config: RunConfig;
  transport: Transport;
  /** unique to this process: the holder name in the Lease */
  identity: string;
  decide: (snapshot: Snapshot) => Decision;
  measure: (job: MeasureJob) => Promise<Measurement[]>;
  clock: Clock;
  /** CPU time this process has used */
  cpuMs: () => number;
  /** uniform in [0, 1) */
  random: () => number;
  log: Logger;
  /** something happened that no code foresaw; the program should end */
  onBug: (error: unknown) => void;
}

/** Every target is looked at again this often, even if nothing changes. */
const RESYNC_MS = 5 * 60_000;
/** Requests for the Lease have to fail well before its renew deadline. */
const LEASE_DEADLINE_MS = 4_000;

/**
 * Runs the controller until the signal fires ('stopped': running work was finished and the Lease released) or until
 * leadership is lost ('lost').
 */
export async function run(deps: RunDeps, signal: AbortSignal): Promise<'stopped' | 'lost'> {
  const parts = assemble(deps);
  const { watches, queue, board, metrics, election, keeper, seals, policy, fence } = parts;
  const { metricsPort: port, metricsAddress: address = '127.0.0.1' } = deps.config;
  const health =
    port === undefined
      ? undefined
      : await serveHealth(
          { address, port },
          metrics.registry,
          () => [...watches.unsynced, ...(seals.problem === undefined ? [] : [seals.problem])],
          () => `${keeper.state}\n${policy.state}`,
        );
  watches.start();
  seals.start().catch(deps.onBug);
  policy.start().catch(deps.onBug);
  const resync = every(deps.clock, RESYNC_MS, () => watches.tellAll());
  const release = new AbortController();
  try {
    await election?.acquire(signal);
    if (!signal.aborted) {
      const how = election === undefined ? 'running, without leader election' : 'leading';
      deps.log.info({ identity: deps.identity }, how);
    }
    // Runs in parallel with the renewal of the Lease, because the API server may be slow.
    const held = election?.hold(release.signal);
    const shown = show(deps, release.signal).catch(deps.onBug);
    Promise.all([keeper.start(), seals.read()]).then(() => queue.start(), deps.onBug);
    const ended = await Promise.race([aborted(signal), ...(held === undefined ? [] : [held])]);
    if (ended === 'lost') fence();
    await queue.stop();
    release.abort();
    await held;
    await shown;
    return ended === 'lost' ? 'lost' : 'stopped';
  } catch (error) {
    if (signal.aborted && error === signal.reason) return 'stopped';
    throw error;
  } finally {
    resync();
    keeper.stop();
    seals.stop();
    policy.stop();
    watches.stop();
    await board.stop();
    await health?.close();
  }
}

interface Parts {
  watches: Watches;
  queue: WorkQueue;
  board: MeasurementBoard;
  metrics: Metrics;
  election: LeaderElection | undefined;
  keeper: HoldKeeper;
  seals: SealKeeper;
  /** checks whether only the controller may write Releases */
  policy: Fence;
  /** cancels running writes: the next leader may start before the server has received them */
  fence: () => void;
}

function assemble(deps: RunDeps): Parts {
  const { config, clock, random, log } = deps;
  const client = clientOf(deps);
  const fence = new AbortController();
  const writer = clientOf(deps, { signal: fence.signal });
  const election = config.lease === undefined ? undefined : leaseOf(deps, { unopposed: false });
  const metrics: Metrics = new Metrics({
    queueDepth: () => queue.depth,
    isLeader: () => election?.isLeader() ?? true,
    hold: () => ({ wanted: config.hold, mode: keeper.shown }),
    blind: () => [...watches.blind.keys()],
    releasesKept: () => policy.inForce,
  });
  const events = new EventRecorder({ client: writer, now: () => clock.now(), random });
  const watches: Watches = watchesOf(deps, client, metrics, {
    onKey: (key) => queue.add(key),
    onBlind: (namespace, why) => tellBlind({ namespace, why }, watches, events, log),
  });
  const keeper: HoldKeeper = keeperOf(deps, client, watches);
  const policy = new Fence({ client, shipped: shippedFence(), clock, log });
  const seals = sealsOf(deps, client, watches);
  const board = boardOf(deps, metrics, (key) => queue.add(key));
  const quarantine = new Quarantine({
    decide: deps.decide,
    now: () => clock.now(),
    cpuMs: deps.cpuMs,
    onChange: (count) => metrics.quarantined(count),
  });
  const worker = new Worker({
    client: writer,
    reader: watches,
    measurements: board,
    events,
    config: () => ({ ...config.decisions, hold: keeper.mode }),
    seal: () => seals.seal,
    decide: (snapshot) => doubting(keeper, quarantine.decide(snapshot)),
    mayAct: () => election?.isLeader() ?? true,
    isTarget: (key) => watches.knows(key),
    onForget: (target) => quarantine.forget(target),
    clock,
    metrics,
    log,
  });
  const queue: WorkQueue = new WorkQueue({
    clock,
    random,
    concurrency: config.concurrency,
    work: (key) => worker.work(key),
    // One target with unexpected objects must not stop the others.
    onBug: (error, key) => tellBug(deps, metrics, { where: 'reconcile', target: key, error }),
  });
  const over = new KubeError({ code: 0, reason: 'Stopped', message: 'leadership has ended' });
  return { watches, queue, board, metrics, election, keeper, seals, policy, fence: () => fence.abort(over) };
}

const BROKE = { measure: 'measuring broke', reconcile: 'reconciling broke' };

function tellBug(
  { log }: RunDeps,
  metrics: Metrics,
  { where, target, error }: { where: keyof typeof BROKE; target: string; error: unknown },
): void {
  metrics.bug(where);
  log.error({ target, err: error }, BROKE[where]);
}

function watchesOf(
  deps: RunDeps,
  client: KubeClient,
  metrics: Metrics,
  { onKey, onBlind }: { onKey: (key: TargetKey) => void; onBlind: (namespace: string, why: string) => void },
): Watches {
  const { config, clock, random, log } = deps;
  const missing = new Set<Resource>();
  const away = new Seldom(clock);
  return new Watches({
    client,
    clock,
    random,
    namespace: config.namespace,
    controllerNamespace: config.decisions.namespace,
    onKey: (key) => onKey(targetKey(key)),
    onBlind,
    onError: (error, resource, retryInMs) => {
      metrics.watchFailed(resource.plural, error.code);
      const facts = { resource: resource.plural, code: error.code, error: error.message, retryInMs };
      // A missing right is tried again and again, but reported once.
      const told = error.code === 403 && missing.has(resource);
      if (error.code === 403) missing.add(resource);
      if (told) log.debug(facts, 'watch failed');
      else if (error.code === 0 && !away.isDue(error.message)) log.debug(facts, 'watch failed');
      else if (error.code !== 404) log.warn(facts, 'watch failed');
      else if (mayBeAbsent(resource)) log.debug(facts, 'the server does not have this kind');
      else log.warn(facts, 'the server does not have this kind; were the CRDs of Sluice applied?');
    },
    onAbsent: (kinds) => {
      const absent = kinds.map(({ plural, group }) => `${plural}.${group}`);
      if (absent.length > 0)
        log.info({ absent }, 'kinds that are not installed; Sluice looks for them again from time to time');
    },
    onBug: deps.onBug,
  });
}

/**
 * Nothing is decided about these targets, so no status says why. An Event tells their owners, if the controller may
 * create one.
 */
function tellBlind(
  { namespace, why }: { namespace: string; why: string },
  watches: Watches,
  events: EventRecorder,
  log: Logger,
): void {
  log.warn({ namespace, why }, 'nothing is decided in this namespace');
  for (const key of watches.targetsIn(namespace)) {
    const uid = watches.uidOf(key);
    if (uid === undefined) continue;
    const about = { resource: RESOURCES.deployments, ...key };
    const message = `Nothing is decided about Deployment ${key.name}: ${why}.`;
    events
      .record({ do: 'event', about, uid, type: 'Warning', reason: REASON.Forbidden, message })
      .catch((error: unknown) =>
        log.warn({ target: targetKey(key), err: error }, 'not written, and passed over'),
      );
  }
}

function doubting(keeper: HoldKeeper, decision: Decision): Decision {
  if (decision.doubtsHold === true) keeper.doubt();
  return decision;
}

function keeperOf(deps: RunDeps, client: KubeClient, watches: Watches): HoldKeeper {
  const { config, clock, log, onBug } = deps;
  return new HoldKeeper({
    wanted: config.hold,
    client,
    shipped: config.hold === 'pause' ? [] : shippedPolicies(),
    targets: () => (watches.unsynced.length === 0 ? watches.optedIn : undefined),
    clock,
    log,
    onChange: () => watches.tellAll(),
    onBug,
  });
}

function boardOf(deps: RunDeps, metrics: Metrics, onDone: (key: TargetKey) => void): MeasurementBoard {
  const { clock } = deps;
  return new MeasurementBoard({
    measure: timed(deps, metrics),
    onResult: onDone,
    onBug: (error, target) => tellBug(deps, metrics, { where: 'measure', target, error }),
    onWait: (namespace, ms) => metrics.waited(namespace, ms / 1000),
    now: () => clock.now(),
    after: (ms, fn) => clock.after(ms, fn),
  });
}

function sealsOf({ config, clock, log }: RunDeps, client: KubeClient, watches: Watches): SealKeeper {
  const { namespace } = config.decisions;
  return new SealKeeper({ client, namespace, clock, log, onChange: () => watches.tellAll() });
}

function clientOf(deps: RunDeps, limits: { deadlineMs?: number; signal?: AbortSignal } = {}): KubeClient {
  return new KubeClient({
    transport: deps.transport,
    clock: deps.clock,
    fieldManager: FIELD_MANAGER,
    resources: Object.values(RESOURCES),
    ...limits,
  });
}

/** Without election the Lease only shows that a controller runs: no work waits for it, and none ends with it. */
async function show(deps: RunDeps, signal: AbortSignal): Promise<void> {
  if (deps.config.lease !== undefined) return;
  const sign = leaseOf(deps, { unopposed: true });
  try {
    do await sign.acquire(signal);
    while ((await sign.hold(signal)) === 'lost');
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

function leaseOf(deps: RunDeps, { unopposed }: { unopposed: boolean }): LeaderElection {
  const { config, clock, random, identity, log } = deps;
  const failed = new Seldom(clock);
  return new LeaderElection({
    client: clientOf(deps, { deadlineMs: LEASE_DEADLINE_MS }),
    clock,
    random,
    identity,
    namespace: config.decisions.namespace,
    name: config.lease ?? HOME.lease,
    unopposed,
    onError: (error) => {
      const facts = { code: error.code, error: error.message };
      const what = unopposed
        ? 'the Lease that shows which controller is running is not written'
        : 'leader election failed to write';
      if (failed.isDue(error.message)) log.warn(facts, what);
      else log.debug(facts, what);
    },
  });
}

function timed(deps: RunDeps, metrics: Metrics): (job: MeasureJob) => Promise<Measurement[]> {
  return async (job) => {
    const startedMs = deps.clock.now();
    const measurements = await deps.measure(job);
    metrics.measured(measurements, (deps.clock.now() - startedMs) / 1000);
    return measurements;
  };
}

function every(clock: Clock, ms: number, fn: () => void): () => void {
  let cancel = clock.after(ms, tick);
  function tick(): void {
    fn();
    cancel = clock.after(ms, tick);
  }
  return () => cancel();
}

function aborted(signal: AbortSignal): Promise<'stopped'> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve('stopped');
    else signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
}
