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
  /** an object that may be a user's, as it was when the actions were decided; absent: none is written to */
  seen?: (ref: ObjectRef) => KubeObject | undefined;
  /** Releases as they were read: what a seal of a changed one is computed from */
  releases: readonly KubeObject[];
  reader: Pick<Reader, 'written'>;
  measurements: Pick<Measurements, 'submit'>;
  events: Pick<EventRecorder, 'record'>;
  /** asked before each write: false once another controller may have taken over */
  mayAct: () => boolean;
  /** told of each write that did not take place and is no race, by its name; absent: nobody remembers */
  onRefused?: (name: string, refused: Refused) => void;
  /** told of each write that did */
  onTaken?: (name: string) => void;
  /** told of an Event or an optional write that was refused: no decision depends on it */
  onLostEvent: (error: KubeError) => void;
  /** told of each `Warning` with which the server answered a write: of the server itself, or of a webhook like istiod */
  onWarning: (text: string, why: string) => void;
}

/** What is known of a refused write before it is remembered. */
export type Refused = Omit<RefusedWrite, 'kind' | 'sinceMs' | 'release'>;

/**
 * done: all actions took place.
 * stale: the world was not as the snapshot said (a failed guard, a conflict, an object gone or there already).
 * failed: the API server could not, or the write is wrong.
 * fenced: this process no longer leads.
 */
export type Executed =
  | { outcome: 'done'; written: KubeObject[] }
  | { outcome: 'stale' | 'failed'; action: Action; error: KubeError; written: KubeObject[] }
  | { outcome: 'fenced' };

const KINDS: readonly Resource[] = Object.values(RESOURCES);

type Failure = Extract<Executed, { error: KubeError }>;

/**
 * Carries actions out in order and stops at the first that fails; after an urgent one, the other urgent ones are still
 * tried. What the writes returned goes to the reader.
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

/** What this pass has written counts as read. */
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
  // Somebody was faster: that passes by looking again.
  const raced = isFailedGuard(error, action) || (isConflict(error) && !isAlreadyExists(error));
  // What only tells others is in nobody's way.
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

/** As RBAC names it. */
function objectOf(write: Write): { verb: string; resource: string; name: string } {
  const { plural, group } = resourceOf(write);
  const sub = 'subresource' in write ? `/${write.subresource}` : '';
  const verb = write.verb === 'create' || write.verb === 'delete' ? write.verb : 'patch';
  const name = 'ref' in write ? write.ref.name : write.object.metadata.name;
  return { verb, resource: `${plural}${sub}${group === '' ? '' : `.${group}`}`, name };
}

/** A webhook that has side effects knows no dry run: it has said nothing about the write itself. */
const isUnrehearsed = (action: Action, { code, message }: KubeError): boolean =>
  action.do === 'write' &&
  'dryRun' in action.write &&
  code === 400 &&
  message.includes('does not support dry run');

const isUrgent = (action: Action): boolean => action.do === 'write' && action.urgent === true;
/** One that is noted has been told to the passes that follow, whatever went wrong. */
function isPassedOver(action: Action, error: KubeError): boolean {
  const { onRefusal } = action.do === 'write' ? action : {};
  const goesOn = onRefusal?.then === 'goOn' && (onRefusal.name !== undefined || isRefusal(error));
  return goesOn || isUnrehearsed(action, error);
}

/** It will be refused again, however often it is tried. */
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

/** What the write took from others goes back to them at once. That this did not go well is in nobody's way. */
async function ownersKept(write: Write, after: KubeObject, actor: Actor): Promise<KubeObject> {
  const before = takesFields(write) ? actor.seen?.(write.ref) : undefined;
  if (!takesFields(write) || before === undefined) return after;
  const { client, mayAct, onLostEvent } = actor;
  const object = await giveBack(write.ref, [before, after], { client, mayAct, onLost: onLostEvent });
  if (object !== after) actor.reader.written(write.ref.resource, object);
  return object;
}

/** What becomes of a Release carries a seal, in the same write where its uid is known. */
async function writeSealed(
  wanted: Write,
  { client, seal, releases }: Actor,
  onWarning: (text: string) => void,
): Promise<KubeObject | undefined> {
  const write = resealed(wanted, seal, releases);
  const object = await client.execute(write, { onWarning });
  if (object === undefined) return undefined;
  const vouched = write !== wanted || write.verb === 'create';
  // Also what the server, or a webhook, made of our own write.
  const first = vouched && seal.standingOf(object) === 'unsealed' ? firstSeal(object, seal) : undefined;
  return first === undefined ? object : client.execute(first, { onWarning });
}

/** Admission may change a write and let it pass: without this a promotion would wait for ever for what was taken back. */
function stillPaused({ metadata }: KubeObject): KubeError {
  const message = `Deployment ${metadata.name} is still paused: the admission policies hold the controller's own writes too; put its user name into their first match condition (docs/admission.md)`;
  // not the 403 of a missing right: it is admission that says no, if in its own way
  return new KubeError({ code: 400, reason: 'BadRequest', message });
}

function resourceOf(write: Write): Resource {
  return 'ref' in write ? write.ref.resource : refOf(write.object, KINDS).resource;
}

const isFailedGuard = (error: KubeError, action: Action): boolean =>
  isInvalid(error) && isGuarded(action) && !hasCauses(error);

/** Answered by looking again: not worth a line at error level. */
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
