import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { StoreClient } from '../apiserver/contract.ts';
import type { Clock } from '../../lib/clock.ts';
import { uidOf } from './kinds.ts';
import { isApiFailure } from './queue.ts';
import { now } from './time.ts';

export interface Note {
  type: 'Normal' | 'Warning';
  reason: string;
  message: string;
}

/**
 * Writes what `kubectl describe` shows. A repetition raises the count of its Event; an Event that the API
 * refuses is lost.
 */
export class EventRecorder {
  private readonly store: StoreClient;
  private readonly clock: Clock;
  private readonly component: string;
  /** names of Events, by content and object */
  private readonly known = new Map<string, string>();

  constructor(store: StoreClient, clock: Clock, component: string) {
    this.store = store;
    this.clock = clock;
    this.component = component;
  }

  record(about: KubeObject, note: Note): void {
    const key = [uidOf(about), note.reason, note.message].join(' ');
    try {
      this.known.set(key, this.repeat(about, this.known.get(key)) ?? this.write(about, note));
    } catch (error) {
      if (!isApiFailure(error)) throw error;
    }
  }

  private repeat(about: KubeObject, name: string | undefined): string | undefined {
    const event = name === undefined ? undefined : this.store.get('events', about.metadata.namespace, name);
    if (event === undefined) return undefined;
    const count = Number(event['count'] ?? 1) + 1;
    const next = { ...event, count, lastTimestamp: now(this.clock) };
    return this.store.update('events', next, { fieldManager: this.component }).metadata.name;
  }

  private write(about: KubeObject, note: Note): string {
    const { name, namespace = 'default', resourceVersion } = about.metadata;
    const at = now(this.clock);
    const { apiVersion, kind } = about;
    const involvedObject: JsonObject = {
      apiVersion,
      kind,
      name,
      namespace,
      uid: uidOf(about),
      resourceVersion,
    };
    const event = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: '', generateName: `${name}.`, namespace },
      involvedObject,
      ...note,
      source: { component: this.component },
      reportingComponent: this.component,
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
    };
    return this.store.create('events', event, { fieldManager: this.component }).metadata.name;
  }
}
