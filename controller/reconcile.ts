import type { KubeObject } from '../api/kube.ts';
import type { KubeError } from '../kube/errors.ts';
import { execute } from './execute.ts';
import type { Actor, Executed } from './execute.ts';
import type { Measurements } from './measurements.ts';
import { keyText } from './keys.ts';
import type { Action, ControllerConfig, Decision, Key, Snapshot } from './model.ts';
import type { Refusals } from './refusals.ts';
import { readSnapshot } from './snapshot.ts';
import type { Reader } from './snapshot.ts';
import { statusWrite } from './status-write.ts';

export interface Pipe extends Omit<Actor, 'onRefused'> {
  reader: Reader;
  refusals: Refusals;
  measurements: Measurements;
  config: ControllerConfig;
  nowMs: number;
  decide: (snapshot: Snapshot) => Decision;
}

/**
 * What one pass came to.
 * unsynced: something is not known yet, nothing was decided.
 * done: decided, acted, status written; `acted` = something was written or measured.
 * stale, failed: an action or the status write did not take place; nothing after it did. Decide anew.
 * fenced: this process no longer leads.
 */
export type Reconciled =
  | { outcome: 'unsynced' }
  | { outcome: 'done'; decision: Decision; acted: boolean; statusWritten: boolean }
  | { outcome: 'stale' | 'failed'; decision: Decision; doing: string; error: KubeError }
  | { outcome: 'fenced'; decision: Decision };

/**
 * One pass of the pipe for one target: snapshot, decide, act, one status write. Needs neither watches nor timers.
 * Failures of the API server come back as an outcome; anything thrown is a bug.
 */
export async function reconcileOnce(pipe: Pipe, key: Key): Promise<Reconciled> {
  const snapshot = await readSnapshot(key, pipe);
  if (snapshot === undefined) return { outcome: 'unsynced' };
  const decision = pipe.decide(snapshot);
  const { refusals } = pipe;
  const onRefused = (name: string, { code, message }: KubeError): void =>
    refusals.note(keyText(key), name, { code, message });
  const acted = await execute(decision.actions, { ...pipe, onRefused });
  if (acted.outcome !== 'done') return failure(decision, acted);

  const statusAction = statusActionOf(decision, snapshot, acted.written);
  if (statusAction !== undefined) {
    const recorded = await execute([statusAction], pipe);
    if (recorded.outcome !== 'done') return failure(decision, recorded);
  }
  return {
    outcome: 'done',
    decision,
    acted: decision.actions.length > 0,
    statusWritten: statusAction !== undefined,
  };
}

/** The Release may have been created or changed by the actions of this very pass: its newest form counts. */
function statusActionOf(
  decision: Decision,
  snapshot: Snapshot,
  written: readonly KubeObject[],
): Action | undefined {
  if (decision.status === undefined) return undefined;
  const { release: name, next } = decision.status;
  const isIt = (object: KubeObject): boolean => object.kind === 'Release' && object.metadata.name === name;
  const read = snapshot.releases.find((release) => release.metadata.name === name);
  const release = written.findLast(isIt) ?? (read as unknown as KubeObject | undefined);
  if (release === undefined) return undefined;
  const write = statusWrite(release, next);
  return write === undefined ? undefined : { do: 'write', why: 'record the status', write };
}

function failure(decision: Decision, executed: Exclude<Executed, { outcome: 'done' }>): Reconciled {
  if (executed.outcome === 'fenced') return { outcome: 'fenced', decision };
  const { outcome, action, error } = executed;
  return { outcome, decision, doing: action.do === 'write' ? action.why : action.do, error };
}
