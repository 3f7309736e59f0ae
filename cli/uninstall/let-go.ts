import type { TargetName } from '../../api/target-key.ts';
import { HOME } from '../../api/names.ts';
import { EventRecorder } from '../../controller/events.ts';
import { Memory } from '../../controller/observe/memory.ts';
import { reconcileOnce, type Pipe, type Reconciled } from '../../controller/reconcile.ts';
import { Refusals } from '../../controller/refusals.ts';
import { Seal } from '../../controller/seal/seal.ts';
import { readKeys } from '../../controller/seal/secret.ts';
import type { KubeClient } from '../../kube/client.ts';
import { decide } from '../../release/decide.ts';
import { clusterReader } from '../check/reader.ts';
import { UsageError, type Io } from '../io.ts';
import { sleep } from '../sleep.ts';

/** How a target was left. */
export interface Left {
  target: TargetName;
  /**
   * free: nothing of Sluice is there any more. held: the same, and it stays paused. stuck: something is still there, and
   * the sentence says what is in the way
   */
  state: 'free' | 'held' | 'stuck';
  sentence: string;
}

export interface Leaving {
  /** with the rights and the name of the controller */
  client: KubeClient;
  mayAct: () => boolean;
  revert: boolean;
}

/** A back end that never confirms is waited for two minutes; drains are as long as policies say. */
const LIMIT_MS = 15 * 60_000;
const SOONEST_MS = 100;
const LATEST_MS = 1_000;

/**
 * Ends what runs and lets targets go, as a controller would: the same passes over the same rules, without watches.
 *
 * @throws UsageError if the key of the seals cannot be read
 */
export async function letTargetsGo(io: Io, targets: readonly TargetName[], how: Leaving): Promise<Left[]> {
  const pipe = await pipeOf(io, how);
  return Promise.all(targets.map((target) => letGo(io, pipe, target)));
}

type Standing = Omit<Pipe, 'nowMs'>;

async function pipeOf(io: Io, { client, mayAct, revert }: Leaving): Promise<Standing> {
  const keys = await readKeys(client, HOME.namespace);
  if (!keys.ok) throw new UsageError(keys.sentence);
  const ignore = (): void => undefined;
  return {
    client,
    reader: clusterReader(client),
    seal: new Seal(keys.keys),
    measurements: { submit: ignore, measured: () => undefined, measuring: () => false, forget: ignore },
    events: new EventRecorder({ client, now: () => io.clock.now(), random: Math.random }),
    mayAct,
    refusals: new Refusals(),
    memory: new Memory(),
    config: {
      namespace: HOME.namespace,
      hold: 'pause',
      endpoints: [],
      scrapeLagMs: 0,
      minIntervalMs: 0,
      leaving: { revert },
    },
    decide,
    onLostEvent: ignore,
    onWarning: ignore,
  };
}

async function letGo(io: Io, pipe: Standing, target: TargetName): Promise<Left> {
  const untilMs = io.clock.now() + LIMIT_MS;
  for (let told = ''; ;) {
    const result = await reconcileOnce({ ...pipe, nowMs: io.clock.now() }, target);
    const sentence = sentenceOf(result);
    const state = endOf(result);
    if (state !== undefined) return { target, state, sentence };
    const over = io.stop.aborted || result.outcome === 'fenced' || io.clock.now() >= untilMs;
    if (over) return { target, state: 'stuck', sentence };
    if (sentence !== told) io.out(`deployment/${target.name} in ${target.namespace}: ${sentence}`);
    told = sentence;
    await sleep(io, waitMs(result));
  }
}

/** How the target was left, if nothing was done in this pass and nothing is due after it. */
function endOf(result: Reconciled): 'free' | 'held' | undefined {
  if (result.outcome !== 'done' || result.acted || result.statusWritten) return undefined;
  const { outcome, requeueAfterMs } = result.decision;
  if (outcome === 'wait' || requeueAfterMs !== undefined) return undefined;
  return outcome === 'done' ? 'free' : 'held';
}

function sentenceOf(result: Reconciled): string {
  if (result.outcome === 'unsynced') return 'Its objects cannot be read yet.';
  if (result.outcome === 'fenced') return 'Another process took the Lease over.';
  if ('error' in result) return `It was not possible to ${result.doing}: ${result.error.message}`;
  return result.decision.sentence;
}

function waitMs(result: Reconciled): number {
  const wanted = result.outcome === 'done' ? (result.decision.requeueAfterMs ?? SOONEST_MS) : LATEST_MS;
  return Math.min(Math.max(wanted, SOONEST_MS), LATEST_MS);
}
