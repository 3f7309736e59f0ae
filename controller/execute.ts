import type { KubeObject, ObjectRef, Resource } from '../api/kube.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Write } from '../api/writes.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isConflict, isInvalid, isNotFound, KubeError } from '../kube/errors.ts';
import { refOf } from '../kube/paths.ts';
import type { EventRecorder } from './events.ts';
import { giveBack, takesFields } from './give-back.ts';
import type { Measurements } from '../analysis/jobs/board.ts';
import type { Action, RefusedWrite } from '../release/model.ts';
import type { Seal } from './seal/seal.ts';
import { firstSeal, resealed } from './seal/writes.ts';
import type { Reader } from './observe/snapshot.ts';

export interface Actor {
  client: Pick<KubeClient, 'execute' | 'list'>;
  seal: Seal;
  /**
   * the object as it was when the actions were decided, if it may be a user's; absent: the actions write to no such
   * object
   */
  seen?: (ref: ObjectRef) => KubeObject | undefined;
  /** Releases as they were read; the new seal of a changed one is computed from them */
  releases: readonly KubeObject[];
  reader: Pick<Reader, 'written'>;
  measurements: Pick<Measurements, 'submit'>;
  events: Pick<EventRecorder, 'record'>;
  /** asked before each write: false once another controller may have taken over */
  mayAct: () => boolean;
  /** called with the name of each write that failed, unless it only lost a race; absent: nothing remembers refusals */
  onRefused?: (name: string, refused: Refused) => void;
  /** called with the name of each write that succeeded */
  onTaken?: (name: string) => void;
  /** called for each refused Event or optional write: no decision depends on it */
  onLostEvent: (error: KubeError) => void;
  /**
   * called for each `Warning` in the server's answer to a write; the server itself or a webhook such as istiod's sends
   * them
   */
  onWarning: (text: string, why: string) => void;
}

/** What is known of a refused write before it is stored. */
export type Refused = Omit<RefusedWrite, 'kind' | 'sinceMs' | 'release'>;

/**
 * done: all actions took place.
 * stale: the world was not as the snapshot said (a failed guard, a conflict, an object already gone or already there).
 * failed: the API server could not carry out a write, or the write is wrong.
 * fenced: this process no longer leads.
 */
export type Executed =
  | { outcome: 'done'; written: KubeObject[] }
  | { outcome: 'stale' | 'failed'; action: Action; error: KubeError; written: KubeObject[] }
  | { outcome: 'fenced' };

const KINDS: readonly Resource[] = Object.values(RESOURCES);

type Failure = Extract<Executed, { error: KubeError }>;

/**
 * Carries out actions in order and stops at the first that fails. If that one is urgent, the other urgent ones are
 * still tried. The reader gets the objects that the writes returned.
 */
export async function execute(actions: readonly Action[], actor: Actor): Promise<Executed> {
  const written: KubeObject[] = [];
  let failure: Failure | undefined;
  for (const action of actions) {
    if (failure !== undefined && !isUrgent(action)) continue;
    if (!actor.mayAct()) return { outcome: 'fenced' };
    try {
      const object = await carryOut(action, knowing(actor, written));
      if (action.do === 'write') actor.onTaken?.(nameOf(action));
      if (object !== undefined) written.push(object);
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      note(action, error, actor);
      if (isPassedOver(action, error)) {
        actor.onLostEvent(error);
        continue;
      }
      failure ??= { outcome: isStale(error, action) ? 'stale' : 'failed', action, error, written };
      if (!isUrgent(action)) return failure;
    }
  }
  return failure ?? { outcome: 'done', written };
}

/** An actor for which the objects that this pass has written count as read. */
function knowing(actor: Actor, written: readonly KubeObject[]): Actor {
  const seen = (ref: ObjectRef): KubeObject | undefined => {
    const before = actor.seen?.(ref);
    const uid = before?.metadata.uid;
    return uid === undefined ? before : (written.findLast(({ metadata }) => metadata.uid === uid) ?? before);
  };
  return { ...actor, releases: [...actor.releases, ...written], seen };
}

function note(action: Action, error: KubeError, { onRefused }: Actor): void {
  if (action.do !== 'write' || isUnrehearsed(action, error)) return;
  const { why, onRefusal } = action;
  const noted = onRefusal?.name !== undefined;
  // Another writer was faster: the next pass looks again and resolves it.
  const raced = isFailedGuard(error, action) || (isConflict(error) && !isAlreadyExists(error));
  // A write that only informs others must not hold up the pass.
  if (raced || (!noted && (onRefusal?.then === 'goOn' || isNotFound(error)))) return;
  const { code, message } = error;
  onRefused?.(nameOf(action), {
    ...{ code, message, why, noted, ...objectOf(action.write) },
    ...(onRefusal?.then === 'end' ? { endsAs: onRefusal.as } : {}),
  });
}

type WriteAction = Extract<Action, { do: 'write' }>;

function nameOf(action: WriteAction): string {
  const own = action.onRefusal?.name;
  if (own !== undefined) return own;
  const { verb, resource, name } = objectOf(action.write);
  return `${verb} ${resource} ${name}: ${action.why}`;
}

/** The verb, resource and name of a write, as RBAC names them. */
function objectOf(write: Write): { verb: string; resource: string; name: string } {
  const { plural, group } = resourceOf(write);
  const sub = 'subresource' in write ? `/${write.subresource}` : '';
  const verb = write.verb === 'create' || write.verb === 'delete' ? write.verb : 'patch';
  const name = 'ref' in write ? write.ref.name : write.object.metadata.name;
  return { verb, resource: `${plural}${sub}${group === '' ? '' : `.${group}`}`, name };
}

/** A webhook with side effects does not allow a dry run; its refusal says nothing about the write itself. */
const isUnrehearsed = (action: Action, { code, message }: KubeError): boolean =>
  action.do === 'write' &&
  'dryRun' in action.write &&
  code === 400 &&
  message.includes('does not support dry run');

const isUrgent = (action: Action): boolean => action.do === 'write' && action.urgent === true;
/**
 * Does the pass continue after this error? A failure with a name is shown to the passes that follow, so it need not
 * stop this one.
 */
function isPassedOver(action: Action, error: KubeError): boolean {
  const { onRefusal } = action.do === 'write' ? action : {};
  const goesOn = onRefusal?.then === 'goOn' && (onRefusal.name !== undefined || isRefusal(error));
  return goesOn || isUnrehearsed(action, error);
}

/** The server will refuse the write again, however often it is tried. */
const isRefusal = (error: KubeError): boolean =>
  error.code === 400 || error.code === 403 || (isInvalid(error) && hasCauses(error));

async function carryOut(action: Action, actor: Actor): Promise<KubeObject | undefined> {
  switch (action.do) {
    case 'measure':
      actor.measurements.submit(action.job);
      return undefined;
    case 'event':
      await actor.events.record(action).catch((error: unknown) => {
        if (!(error instanceof KubeError)) throw error;
        actor.onLostEvent(error);
      });
      return undefined;
    case 'seal': {
      const seal = firstSeal(action.release, actor.seal);
      return seal === undefined ? undefined : carryOut({ do: 'write', why: action.why, write: seal }, actor);
    }
    case 'write': {
      const onWarning = (text: string): void => actor.onWarning(text, action.why);
      const object = await writeSealed(action.write, actor, onWarning);
      if (object === undefined) return undefined;
      actor.reader.written(resourceOf(action.write), object);
      if (action.verify === 'unpaused' && object.spec?.['paused'] === true) throw stillPaused(object);
      return ownersKept(action.write, object, actor);
    }
  }
}

/**
 * Gives fields that the write took from other owners back to them at once. A failure of that does not stop the pass.
 */
async function ownersKept(write: Write, after: KubeObject, actor: Actor): Promise<KubeObject> {
  const before = takesFields(write) ? actor.seen?.(write.ref) : undefined;
  if (!takesFields(write) || before === undefined) return after;
  const { client, mayAct, onLostEvent } = actor;
  const object = await giveBack(write.ref, [before, after], { client, mayAct, onLost: onLostEvent });
  if (object !== after) actor.reader.written(write.ref.resource, object);
  return object;
}

/**
 * Carries out a write and seals the Release that it makes: in the same write if the uid is already known, else in a
 * second one.
 */
async function writeSealed(
  wanted: Write,
  { client, seal, releases }: Actor,
  onWarning: (text: string) => void,
): Promise<KubeObject | undefined> {
  const write = resealed(wanted, seal, releases);
  const object = await client.execute(write, { onWarning });
  if (object === undefined) return undefined;
  const vouched = write !== wanted || write.verb === 'create';
  // This also seals what the server, or a webhook, changed in our own write.
  const first = vouched && seal.standingOf(object) === 'unsealed' ? firstSeal(object, seal) : undefined;
  return first === undefined ? object : client.execute(first, { onWarning });
}

/**
 * Admission may accept a write and change it. Without this error a promotion would wait for ever for the un-pausing
 * that admission took back.
 */
function stillPaused({ metadata }: KubeObject): KubeError {
  const message = `Deployment ${metadata.name} is still paused: the admission policies hold the controller's own writes too; put its user name into their first match condition (docs/admission.md)`;
  // 400 and not 403, which would mean a missing right: admission refuses the write, by changing it
  return new KubeError({ code: 400, reason: 'BadRequest', message });
}

function resourceOf(write: Write): Resource {
  return 'ref' in write ? write.ref.resource : refOf(write.object, KINDS).resource;
}

const isFailedGuard = (error: KubeError, action: Action): boolean =>
  isInvalid(error) && isGuarded(action) && !hasCauses(error);

/** The next pass looks again, so this is not worth a line at error level. */
function isStale(error: KubeError, action: Action): boolean {
  return isConflict(error) || isNotFound(error) || isFailedGuard(error, action);
}

function isGuarded(action: Action): boolean {
  return action.do === 'write' && action.write.verb === 'jsonPatch';
}

/** A failed `test` names no cause; a validation that refuses the result does. */
function hasCauses(error: KubeError): boolean {
  const causes = error.details['causes'];
  return Array.isArray(causes) && causes.length > 0;
}
