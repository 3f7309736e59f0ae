import type { KubeObject, ObjectRef } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import { apiVersionOf, RESOURCES } from '../api/resources.ts';
import type { KubeClient } from '../kube/client.ts';
import { isNotFound } from '../kube/errors.ts';
import type { Action } from '../release/model.ts';

export type EventAction = Extract<Action, { do: 'event' }>;

export interface EventOptions {
  client: Pick<KubeClient, 'create' | 'mergePatch'>;
  now: () => number;
  /** uniform in [0, 1): for the suffix of names */
  random: () => number;
}

/** The same event within this time raises the count of the first instead of making another. */
const SAME_EVENT_MS = 10 * 60_000;
/** Remembered events; the oldest is forgotten first. */
const REMEMBERED = 2_000;

interface Remembered {
  name: string;
  count: number;
  lastMs: number;
}

/** Writes Events beside the objects they are about, and counts repetitions instead of repeating. */
export class EventRecorder {
  readonly #options: EventOptions;
  readonly #remembered = new Map<string, Remembered>();

  constructor(options: EventOptions) {
    this.#options = options;
  }

  /** Rejects with a KubeError when the Event cannot be written; no decision depends on it. */
  async record(event: EventAction): Promise<void> {
    const nowMs = this.#options.now();
    const id = JSON.stringify([
      event.about.namespace,
      event.about.name,
      event.uid,
      event.type,
      event.reason,
      event.message,
    ]);
    const known = this.#remembered.get(id);
    if (
      known !== undefined &&
      nowMs - known.lastMs < SAME_EVENT_MS &&
      (await this.#repeat(event, known, nowMs))
    )
      return;
    const made = await this.#options.client.create(this.#object(event, nowMs));
    this.#remember(id, { name: made.metadata.name, count: 1, lastMs: nowMs });
  }

  /** False when the first Event has expired meanwhile. */
  async #repeat(event: EventAction, known: Remembered, nowMs: number): Promise<boolean> {
    const { namespace } = event.about;
    const ref: ObjectRef = {
      resource: RESOURCES.events,
      name: known.name,
      ...(namespace === undefined ? {} : { namespace }),
    };
    known.count += 1;
    known.lastMs = nowMs;
    try {
      await this.#options.client.mergePatch(ref, { count: known.count, lastTimestamp: timestamp(nowMs) });
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  #remember(id: string, event: Remembered): void {
    this.#remembered.delete(id);
    this.#remembered.set(id, event);
    const oldest = this.#remembered.keys().next();
    if (this.#remembered.size > REMEMBERED && oldest.done !== true) this.#remembered.delete(oldest.value);
  }

  #object(event: EventAction, nowMs: number): KubeObject {
    const { about } = event;
    const namespace = about.namespace ?? 'default';
    const involvedObject: JsonObject = {
      apiVersion: apiVersionOf(about.resource),
      kind: about.resource.kind,
      namespace,
      name: about.name,
      uid: event.uid,
    };
    const suffix = Math.floor(this.#options.random() * 0x1_0000_0000)
      .toString(16)
      .padStart(8, '0');
    return {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        namespace,
        name: `${about.name.slice(0, 200).replace(/[-.]+$/, '')}.${nowMs.toString(16)}${suffix}`,
      },
      involvedObject,
      type: event.type,
      reason: event.reason,
      message: event.message.slice(0, 1024),
      source: { component: 'sluice' },
      count: 1,
      firstTimestamp: timestamp(nowMs),
      lastTimestamp: timestamp(nowMs),
      reportingComponent: 'sluice.dev/controller',
      reportingInstance: 'sluice',
    };
  }
}

/** Event times have whole seconds. */
function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
