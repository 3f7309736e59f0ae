import type { TargetName } from '../../api/target-key.ts';
import type { Measurement } from '../../api/analysis.ts';
import { metricsOf } from '../../api/bound.ts';
import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject, Resource } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { newestFirst } from '../../api/order.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { RESOURCES } from '../../api/resources.ts';
import { MeasurementBoard } from '../../analysis/jobs/board.ts';
import type { MeasureJob } from '../../api/measuring.ts';
import { decide } from '../../release/decide.ts';
import { EventRecorder } from '../../controller/events.ts';
import { targetKey } from '../../api/target-key.ts';
import { Memory } from '../../controller/observe/memory.ts';
import type { Decision, HoldMode, Snapshot } from '../../release/model.ts';
import { reconcileOnce, type Reconciled } from '../../controller/reconcile.ts';
import { Refusals } from '../../controller/refusals.ts';
import { Seal } from '../../controller/seal/seal.ts';
import { FORBIDDEN, type Listing } from '../../controller/observe/snapshot.ts';
import { KubeClient } from '../../kube/client.ts';
import type { KubeRequest, KubeResponse, Transport } from '../../kube/types.ts';
import type { ApiServer } from '../../playground/apiserver/contract.ts';
import { serviceAccount } from '../../playground/apiserver/http/users.ts';
import { createApiServer } from '../../playground/apiserver/server.ts';
import { gatewayApiCrds } from '../../playground/demo/gateway-api-crds.ts';
import { meshCrds } from '../../playground/demo/mesh-crds.ts';
import { fakeRuntime, startWorkloads } from '../../playground/workloads/index.ts';
import { inProcessTransport, VirtualClock } from '../support/in-process.ts';
import { Prometheus } from './prometheus.ts';
import { isByPods } from './by-pods.ts';
import { policiesElsewhere } from './companions.ts';
import { GatewayControl, replacePods } from './cluster.ts';
import { followSplits, namedProvider, VIRTUAL_SERVICE, type WorldProvider } from './mesh.ts';
import { holdPolicies, ownCrds } from './manifests.ts';
import { refusal, refusalOf } from './refusal.ts';
import { withinRights } from './rights.ts';
import { ALL_KINDS, INGRESS, POLICY, ROUTE, SERVICE, TEMPLATE, target, type Version } from './objects.ts';

export const NAMESPACE = 'shop';
export const NAME = 'web';
export const KEY: TargetName = { namespace: NAMESPACE, name: NAME };

const PASSES_A_MINUTE = 2_000;

/** The controller's credentials, under which the policies know it. */
const TOKEN = 'controller';
const CONTROLLER = serviceAccount('sluice-system', 'sluice');

/**
 * The failure that may occur between the controller and the API server, decided before each of its requests.
 */
export type Fault = 'none' | 'conflict' | 'lost' | 'crashBefore' | 'crashAfter';

/** Thrown through the pipe: the process is gone, with everything in its memory. */
export class Crash extends Error {}

export interface WorldOptions {
  provider?: WorldProvider;
  replicas?: number;
  policy?: JsonObject;
  annotations?: Record<string, string>;
  /** default: pause; admission: the shipped policies are in the cluster */
  hold?: HoldMode;
  seed?: number;
}

/** A write of the controller as it reached the API server, with the world directly after it. */
export interface Seen {
  request: KubeRequest;
  status: number;
}

/**
 * The embedded API server and its workloads on a virtual clock, a gateway that confirms routes, a Prometheus
 * that knows the true rates, and the controller's real pipe with the real decision.
 */
export class World {
  readonly clock = new VirtualClock();
  readonly api: ApiServer;
  readonly prometheus: Prometheus;
  readonly gateway: GatewayControl;
  readonly provider: WorldProvider;
  /** the decision of a pass */
  decideOn: (snapshot: Snapshot) => Decision = decide;
  /** decides what happens to the next write of the controller */
  fault: (request: KubeRequest) => Fault = () => 'none';
  /** the "METHOD url" of writes for which the controller has no right */
  forbidden: RegExp | undefined;
  /** the API server's answer to writes whose "METHOD url" matches, which it refuses */
  answers: { matches: RegExp; code: number; message: string } | undefined;
  /** the "plural.group" of what the controller has no right to read */
  unreadable: RegExp | undefined;
  /** the age of what the controller reads, except what it has written itself */
  staleFor = 0;
  /** one canary pod is replaced this often; undefined: pods stay */
  churnMs: number | undefined;
  /** namespaces whose NetworkPolicies may block a release */
  trusted: string[] = [];
  /** the hold mode of the controller */
  hold: HoldMode;
  /** by which the controller recognises its own Releases */
  seal = new Seal([Buffer.alloc(32, 1)]);
  /** called after every write of the controller that reached the API server */
  onWrite: (seen: Seen) => void = () => undefined;
  onMeasure: (job: MeasureJob) => void = () => undefined;
  onPass: (result: Reconciled) => void = () => undefined;
  readonly decisions: string[] = [];
  crashes = 0;
  refused = '';
  /** the failure of the last pass, '' if it succeeded */
  failure = '';

  readonly #transport: Transport;
  #board: MeasurementBoard;
  #refusals = new Refusals();
  #memory = new Memory();
  #dueMs = 0;
  #failures = 0;
  #minute = 0;
  #passes = 0;
  /** for the names of Events: two at the same moment need different names */
  readonly #suffixes = generator(7);
  readonly #stale: Map<string, { atMs: number; objects: KubeObject[] }[]> = new Map();

  constructor(options: WorldOptions = {}) {
    const { clock } = this;
    const random = generator(options.seed ?? 1);
    this.hold = options.hold ?? 'pause';
    this.provider = options.provider ?? 'gateway';
    this.api = createApiServer({ clock, random, users: { [TOKEN]: CONTROLLER } });
    const { store } = this.api;
    store.create('namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
    for (const crd of [...gatewayApiCrds(), ...meshCrds(), ...ownCrds()]) {
      store.create('customresourcedefinitions.apiextensions.k8s.io', crd);
    }
    startWorkloads({ store, clock, runtime: fakeRuntime(clock) });
    this.gateway = new GatewayControl(this);
    followSplits(this);
    store.watch(() => {
      this.#wakeAt(clock.now() + 20);
      // A lagging cache reports the change once it has it.
      if (this.staleFor > 0) clock.after(this.staleFor + 1_500, () => this.#wakeAt(clock.now()));
    });
    this.prometheus = new Prometheus(this, random);
    this.#transport = this.#faulty(inProcessTransport(this.api, TOKEN));
    this.#board = this.#freshBoard();
    if (this.hold === 'admission') this.installPolicies();
    store.create(
      'releasepolicies.sluice.dev',
      POLICY({ ...namedProvider(options.provider), ...options.policy }),
    );
    for (const template of [TEMPLATE, ALL_KINDS]) store.create('analysistemplates.sluice.dev', template);
    if (this.provider !== 'worker') store.create('services', SERVICE);
    this.#createRoute(this.provider);
    store.create('deployments.apps', target(options.replicas ?? 4, options.annotations));
    replacePods(this);
  }

  /** Like `kubectl apply -k manifests/admission/admission-mode`, or with the given policies. */
  installPolicies(policies = holdPolicies()): void {
    for (const [resource, object] of policies) {
      if (this.api.store.get(resource, undefined, object.metadata.name) === undefined)
        this.api.store.create(resource, object);
    }
  }

  /** The controller has found that the policies changed, and looks at its target again. */
  switchHold(mode: HoldMode): void {
    this.hold = mode;
    this.#wakeAt(this.clock.now());
  }

  /** Puts another user name into the conditions of the policies. */
  exempt(user: string): void {
    this.removePolicies();
    for (const [resource, object] of holdPolicies()) {
      const text = JSON.stringify(object).replaceAll(CONTROLLER.username, user);
      this.api.store.create(resource, JSON.parse(text) as KubeObject);
    }
  }

  removePolicies(): void {
    for (const [resource, { metadata }] of holdPolicies()) {
      if (this.api.store.get(resource, undefined, metadata.name) !== undefined)
        this.api.store.delete(resource, undefined, metadata.name);
    }
  }

  /** Drops everything in the controller's memory. */
  restart(): void {
    this.crashes += 1;
    this.#board = this.#freshBoard();
    this.#refusals = new Refusals();
    this.#memory = new Memory();
    this.#dueMs = this.clock.now();
    this.#failures = 0;
  }

  #wakeAt(ms: number): void {
    this.#dueMs = Math.min(this.#dueMs, ms);
  }

  /** Runs the controller for that time. */
  async run(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /** Runs the controller until the condition is true; false: it was not true within that time. */
  async until(condition: () => boolean, ms: number): Promise<boolean> {
    const endMs = this.clock.now() + ms;
    for (;;) {
      if (condition()) return true;
      const nowMs = this.clock.now();
      if (nowMs >= endMs) return false;
      if (this.#dueMs <= nowMs) await this.#pass();
      else {
        const nextMs = nowMs + (this.clock.nextInMs ?? Infinity);
        await this.clock.advance(Math.max(1, Math.min(this.#dueMs, nextMs, endMs) - nowMs));
      }
    }
  }

  /** Runs one pass of the pipe now. */
  async pass(): Promise<Reconciled | undefined> {
    return this.#pass();
  }

  async #pass(): Promise<Reconciled | undefined> {
    const { clock } = this;
    this.#dueMs = Infinity;
    this.#passed();
    try {
      const client = this.#client();
      const result = await reconcileOnce(
        {
          client,
          reader: {
            list: (resource, namespace) => this.#read(resource, namespace),
            elsewhere: (namespace) => policiesElsewhere(this, namespace),
            written: (r, o) => this.#wrote(r, o),
          },
          measurements: this.#board,
          refusals: this.#refusals,
          memory: this.#memory,
          seal: this.seal,
          events: new EventRecorder({ client, now: () => clock.now(), random: this.#suffixes }),
          mayAct: () => true,
          onLostEvent: () => undefined,
          onWarning: () => undefined,
          config: {
            namespace: 'sluice-system',
            hold: this.hold,
            endpoints: ['prometheus/default'],
            scrapeLagMs: 5_000,
            minIntervalMs: 1_000,
            trustedNamespaces: this.trusted,
          },
          nowMs: clock.now(),
          decide: (snapshot) => this.decideOn(snapshot),
        },
        KEY,
      );
      this.#schedule(result);
      this.onPass(result);
      return result;
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      this.restart();
      return undefined;
    }
  }

  /** If a decision never came to rest, a story would run for hours. */
  #passed(): void {
    const minute = Math.floor(this.clock.now() / 60_000);
    this.#passes = minute === this.#minute ? this.#passes + 1 : 1;
    this.#minute = minute;
    if (this.#passes > PASSES_A_MINUTE)
      throw new Error(`never comes to rest: ${this.decisions.slice(-4).join(' > ')}`);
  }

  #schedule(result: Reconciled): void {
    const nowMs = this.clock.now();
    if (result.outcome === 'done') {
      this.#failures = 0;
      this.failure = '';
      const { rule, reason, requeueAfterMs } = result.decision;
      const line = `${rule} ${reason}`;
      if (this.decisions.at(-1) !== line) this.decisions.push(line);
      // 1 ms, so that time passes even if a decision asks to be repeated at once
      for (const afterMs of [this.#refusals.nextInMs(targetKey(KEY), nowMs), requeueAfterMs])
        if (afterMs !== undefined) this.#wakeAt(nowMs + Math.max(1, afterMs));
    } else {
      this.#failures += 1;
      this.failure = 'error' in result ? result.error.message : result.outcome;
      this.#dueMs = Math.min(this.#dueMs, nowMs + Math.min(10_000, 50 * 2 ** this.#failures));
    }
  }

  #client(): KubeClient {
    const resources = Object.values(RESOURCES);
    return new KubeClient({
      transport: this.#transport,
      clock: this.clock,
      fieldManager: 'sluice',
      resources,
    });
  }

  #faulty(inner: Transport): Transport {
    return {
      request: async (request): Promise<KubeResponse> => {
        if (request.method === 'GET') return inner.request(request);
        withinRights(request);
        const refused = refusalOf(this, `${request.method} ${request.url}`);
        if (refused !== undefined) return refused;
        const fault = this.fault(request);
        if (fault === 'crashBefore') throw new Crash();
        if (fault === 'conflict') return refusal(409, 'Conflict');
        const response = await inner.request(request);
        this.onWrite({ request, status: response.status });
        if (fault === 'crashAfter') throw new Crash();
        if (fault === 'lost') return refusal(503, 'ServiceUnavailable');
        return response;
      },
    };
  }

  #read({ plural, group }: Resource, namespace: string): Listing {
    const name = group === '' ? plural : `${plural}.${group}`;
    if (this.unreadable?.test(name) === true) return FORBIDDEN;
    const objects = this.api.store.list(name, namespace);
    if (this.staleFor === 0) return objects;
    const kept = this.#stale.get(`${name}/${namespace}`) ?? [];
    kept.push({ atMs: this.clock.now(), objects });
    const oldest = kept.findLastIndex((each) => each.atMs <= this.clock.now() - this.staleFor);
    this.#stale.set(`${name}/${namespace}`, kept.slice(Math.max(0, oldest)));
    return kept[Math.max(0, oldest)]?.objects ?? objects;
  }

  /** Like the stores of the watches: the controller sees its own writes at once. */
  #wrote({ plural, group }: Resource, object: KubeObject): void {
    const name = group === '' ? plural : `${plural}.${group}`;
    const { namespace = '', name: own } = object.metadata;
    for (const kept of this.#stale.get(`${name}/${namespace}`) ?? []) {
      kept.objects = [...kept.objects.filter((each) => each.metadata.name !== own), structuredClone(object)];
    }
  }

  #freshBoard(): MeasurementBoard {
    const { clock } = this;
    return new MeasurementBoard({
      measure: (job) =>
        new Promise((resolve) => {
          clock.after(100, () => resolve(this.#measure(job)));
        }),
      onResult: () => this.#wakeAt(clock.now()),
      onBug: (error) => {
        throw error;
      },
      now: () => clock.now(),
      after: (ms, fn) => clock.after(ms, fn),
    });
  }

  #measure(job: MeasureJob): Measurement[] {
    this.onMeasure(job);
    const { templates, window, variables, share, calibrate = false, stableOnly: probe = false } = job;
    // If pods are distinguished by their names, there is nothing to query without pods.
    const named = !isByPods(this) || probe || variables['canaryPods'] !== '';
    const metrics = metricsOf(templates).map((bound) =>
      this.prometheus.measure({ bound, window, calibrate, named, probe }),
    );
    return share === undefined ? metrics : [...metrics, this.prometheus.share(window)];
  }

  #createRoute(provider: WorldProvider): void {
    const { store } = this.api;
    if (provider === 'nginx') store.create('ingresses.networking.k8s.io', INGRESS);
    if (provider === 'gateway') store.create('httproutes.gateway.networking.k8s.io', ROUTE);
    if (provider === 'istio') store.create('virtualservices.networking.istio.io', VIRTUAL_SERVICE);
  }

  // The present objects

  get(resource: string, name: string): KubeObject | undefined {
    return this.api.store.get(resource, NAMESPACE, name);
  }

  target(): KubeObject | undefined {
    return this.get('deployments.apps', NAME);
  }

  releases(): Release[] {
    return newestFirst(this.api.store.list('releases.sluice.dev', NAMESPACE)) as unknown as Release[];
  }

  newest(): Release | undefined {
    return this.releases()[0];
  }

  phase(): string {
    const { phase, reason } = this.newest()?.status ?? {};
    return `${phase ?? 'none'}/${reason ?? ''}`;
  }

  // Actions of users

  edit(resource: string, name: string, change: (draft: KubeObject) => void, fieldManager = 'kubectl'): void {
    const draft = this.get(resource, name);
    if (draft === undefined) return;
    change(draft);
    this.api.store.update(resource, draft, { fieldManager });
  }

  editTarget(change: (spec: JsonObject, draft: KubeObject) => void): void {
    this.edit('deployments.apps', NAME, (draft) => change(draft.spec ?? {}, draft));
  }

  /** `kubectl rollout resume`; `refused` is the API server's refusal, '' if it accepts. */
  resume(): void {
    const draft = this.target();
    if (draft?.spec === undefined) return;
    draft.spec['paused'] = false;
    this.refused = '';
    try {
      this.api.store.update('deployments.apps', draft, { fieldManager: 'kubectl-rollout' });
    } catch (error) {
      this.refused = (error as Error).message;
    }
  }

  /**
   * Like `kubectl apply` of a manifest; with a reason to skip the analysis, the manifest also has the
   * annotation.
   */
  release(version: Version, skip = ''): void {
    this.editTarget((spec, draft) => {
      spec['template'] = structuredClone(version.template);
      if (skip !== '')
        draft.metadata.annotations = { ...draft.metadata.annotations, 'sluice.dev/skip': skip };
    });
  }

  intent(value: string): void {
    const name = this.newest()?.metadata.name ?? '';
    this.edit('releases.sluice.dev', name, (draft) => ((draft.spec as JsonObject)['intent'] = value));
  }

  image(): string {
    return imageOf(this.target()?.spec?.['template']);
  }
}

export function imageOf(template: unknown): string {
  return getString(getObjects(template, 'spec', 'containers')[0], 'image') ?? '';
}

export function generator(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => (state = (state * 16807) % 2147483647) / 2147483647;
}
