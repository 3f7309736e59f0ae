import type { KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { RESOURCES } from '../../api/resources.ts';
import { EventRecorder } from '../../controller/events.ts';
import type { MeasureJob, MeasureResult } from '../../api/measuring.ts';
import type { Action, Decision, Snapshot } from '../../release/model.ts';
import { reconcileOnce, type Pipe, type Reconciled } from '../../controller/reconcile.ts';
import { Memory } from '../../controller/observe/memory.ts';
import { Refusals } from '../../controller/refusals.ts';
import { Seal } from '../../controller/seal/seal.ts';
import type { Listing } from '../../controller/observe/snapshot.ts';
import { KubeClient, type ClientOptions } from '../../kube/client.ts';
import type { KubeError } from '../../kube/errors.ts';
import { aRelease, aStatus } from './release-builders.ts';
import { ScriptedTransport, type Answer, type Sent } from './scripted-transport.ts';
import { VirtualClock } from './virtual-clock.ts';

export const KEY = { namespace: 'team', name: 'shop' };
export const DEPLOYMENT = '/apis/apps/v1/namespaces/team/deployments/shop';
export const RELEASES = '/apis/sluice.dev/v1alpha1/namespaces/team/releases';

export const shop = { resource: RESOURCES.deployments, namespace: 'team', name: 'shop' };
export const write = (path: string): Action => ({
  do: 'write',
  why: `set ${path}`,
  write: { verb: 'jsonPatch', ref: shop, patch: [{ op: 'add', path, value: 1 }] },
});
export const event: Action = {
  do: 'event',
  about: shop,
  uid: 'u',
  type: 'Normal',
  reason: 'NewRevision',
  message: 'm',
};
export const forbidden = { kind: 'Status', code: 403, reason: 'Forbidden', message: 'no right' };
export const job: MeasureJob = {
  key: KEY,
  release: 'shop-2',
  step: 0,
  window: { startMs: 0, endMs: 1 },
  templates: [],
  variables: {},
};
export const status: ReleaseStatus = {
  observedGeneration: 1,
  phase: 'Progressing',
  reason: 'PreparingCanary',
  message: '',
  step: 0,
  steps: 1,
  weight: 5,
  observedWeight: 5,
  conditions: [],
  decisions: [],
  startedAt: '2026-01-01T00:00:00Z',
};
export const release = (resourceVersion: string, current?: ReleaseStatus): KubeObject => ({
  apiVersion: 'sluice.dev/v1alpha1',
  kind: 'Release',
  metadata: {
    namespace: 'team',
    name: 'shop-2',
    uid: 'r-1',
    resourceVersion,
    labels: { 'sluice.dev/target': 'shop' },
  },
  spec: { target: { name: 'shop', uid: 'u' } },
  ...(current === undefined ? {} : { status: { ...current } as unknown as JsonObject }),
});

/** The whole record, as the API server has it. */
export const record = (current = aStatus({ phase: 'Progressing', reason: 'ScalingCanary' })): KubeObject => ({
  ...aRelease({ name: 'shop-2', spec: { target: { name: 'shop', uid: 'u' } } }),
  metadata: release('7').metadata,
  status: current as unknown as JsonObject,
});

const SEAL = new Seal([Buffer.alloc(32, 1)]);
/** The Release as the controller leaves it. */
export const sealed = (object: KubeObject): KubeObject => {
  const made = { ...object, metadata: { uid: 'r', ...object.metadata } };
  const annotations = { ...made.metadata.annotations, 'sluice.dev/seal': SEAL.of(made) ?? '' };
  return { ...made, metadata: { ...made.metadata, annotations } };
};

export interface Around {
  /** names of Releases without a seal */
  unsealed?: readonly string[];
  objects?: Partial<Record<string, Listing>>;
  answer?: (sent: Sent) => Answer;
  decision?: Partial<Decision>;
  mayAct?: () => boolean;
  measured?: MeasureResult;
  decide?: Pipe['decide'];
}

/**
 * Passes of the pipe in a world of given objects, with a server that answers as configured, and a given
 * decision.
 */
export class Passes {
  readonly clock = new VirtualClock();
  readonly submitted: MeasureJob[] = [];
  readonly putBack: string[] = [];
  readonly lostEvents: KubeError[] = [];
  readonly refusals = new Refusals();
  readonly memory = new Memory();
  /** the snapshot that the last decision got */
  seen: Snapshot | undefined;

  async pass(world: Around): Promise<{ result: Reconciled; server: ScriptedTransport }> {
    const server = new ScriptedTransport(world.answer);
    const resources = Object.values(RESOURCES);
    const options: ClientOptions = {
      transport: server,
      clock: this.clock,
      fieldManager: 'sluice',
      resources,
    };
    const client = new KubeClient(options);
    const pipe: Pipe = {
      client,
      reader: {
        list: (resource: Resource, namespace: string) => {
          const objects = world.objects ?? {};
          const key = `${resource.plural}/${namespace}`;
          const list = key in objects ? objects[key] : [];
          if (resource !== RESOURCES.releases || list === undefined || list === 'forbidden') return list;
          return list.map((each) => (world.unsealed?.includes(each.metadata.name) ? each : sealed(each)));
        },
        written: (_, object) => this.putBack.push(`${object.kind}/${object.metadata.name}`),
      },
      measurements: {
        submit: (each) => this.submitted.push(each),
        measured: () => world.measured,
        measuring: () => true,
        forget: () => undefined,
      },
      events: new EventRecorder({ client, now: () => this.clock.now(), random: () => 0 }),
      mayAct: world.mayAct ?? (() => true),
      onLostEvent: (error) => this.lostEvents.push(error),
      onWarning: () => undefined,
      refusals: this.refusals,
      memory: this.memory,
      seal: SEAL,
      config: {
        namespace: 'sluice-system',
        hold: 'pause',
        endpoints: [],
        scrapeLagMs: 0,
        minIntervalMs: 1_000,
      },
      nowMs: this.clock.now(),
      decide: (snapshot) => {
        this.seen = snapshot;
        if (world.decide !== undefined) return world.decide(snapshot);
        return {
          rule: 'r',
          reason: 'NewRevision',
          sentence: 's',
          outcome: 'wait',
          actions: [],
          ...world.decision,
        };
      },
    };
    return { result: await reconcileOnce(pipe, KEY), server };
  }
}
