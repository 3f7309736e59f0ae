import { isTerminal } from '../../api/conditions.ts';
import { equalJson, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { lintRelease } from '../../api/linter.ts';
import { FINALIZER } from '../../api/names.ts';
import type { PromotedFor } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';
import { isNothing, splitText, type Split } from '../../api/split.ts';
import { OFF } from '../../providers/provider.ts';
import { templatesEqual } from '../../release/canary/index.ts';
import { stableAfter } from '../../release/facts/records.ts';
import type { Decision } from '../../release/model.ts';
import type { Reconciled } from '../../controller/reconcile.ts';
import type { KubeRequest } from '../../kube/types.ts';
import { takenFrom } from '../support/owners.ts';
import { FOLLOWED_KINDS, watchProtection } from './companions.ts';
import { FirstLaw } from './law.ts';
import { VERSIONS } from './objects.ts';
import { MESH_KINDS, userRoute } from './mesh.ts';
import { isByPods, wrongNumber } from './by-pods.ts';
import { readyPods } from './prometheus.ts';
import { isRaised, liveSplit, splitRules, steeredSplit } from './split.ts';
import { imageOf, NAMESPACE, type World } from './world.ts';

/**
 * Must the evidence reject this image, whatever happens around it? Not if a version that slipped through
 * before fails more.
 */
const isHarmful = (image: string, beside: string): boolean =>
  rateOf(image) > 0.1 && rateOf(image) > rateOf(beside);

const rateOf = (image: string): number =>
  VERSIONS.find(({ name }) => image === `web:${name}`)?.errorRate ?? 0;

/**
 * The safety invariants of the product, checked after every write of the controller; the first law (0) is
 * checked every second. Violations are collected in `broken`, so that a property can report all of them.
 */
export class Invariants {
  readonly broken: string[] = [];
  /** the number of the controller's writes so far */
  writes = 0;
  /** the route as its author wrote it last */
  authored: KubeObject | undefined;
  readonly #world: World;
  #split: Split = OFF;
  #paused: boolean;
  readonly #law: FirstLaw;
  readonly #withdrawn = new Set<string>();
  /** the present step, and what Prometheus had answered when it began */
  #step = '';
  #answered = 0;
  /** since when traffic has gone to a canary without a ready pod */
  #deadSinceMs: number | undefined;

  constructor(world: World) {
    this.#world = world;
    this.authored = userRoute(world);
    this.#paused = world.target()?.spec?.['paused'] === true;
    world.onWrite = ({ request, status }) => this.#afterWrite(request, status);
    world.onPass = (result) => this.#afterPass(result);
    this.#law = new FirstLaw(world, (what) => this.#say(0, what));
    watchProtection(world, (what) => this.#say(2, what));
    world.api.store.watch((event) => {
      if (event.resource !== 'deployments.apps' || event.object.metadata.name !== 'web') return;
      if (event.type === 'DELETED') this.#paused = false;
    });
  }

  /** Has to be called after a user changed the route. */
  userEditedRoute(route: KubeObject | undefined): void {
    this.authored = route;
    this.#split = steeredSplit(this.#world);
  }

  userActed(): void {
    this.#split = steeredSplit(this.#world);
    this.#paused = this.#world.target()?.spec?.['paused'] === true;
  }

  #say(number: number, what: string): void {
    const at = new Date(this.#world.clock.now()).toISOString().slice(11, 23);
    this.broken.push(
      `invariant ${number} at ${at} (${this.#world.decisions.slice(-3).join(' > ')}): ${what}`,
    );
  }

  #afterWrite(request: KubeRequest, status: number): void {
    this.writes += 1;
    if (status >= 300) return;
    const split = steeredSplit(this.#world);
    this.#sums();
    this.#scaled(request);
    if (isRaised(split, this.#split)) this.#raised(split);
    this.#deletions(request, liveSplit(this.#world));
    this.#targetWrites(request);
    this.#split = split;
    for (const release of this.#world.releases()) {
      for (const line of lintRelease(release)) this.#say(9, `${release.metadata.name}: ${line}`);
    }
  }

  /**
   * 1: constant sums, never all zero, and stable always beside the canary, which has everything only in
   * blueGreen.
   */
  #sums(): void {
    for (const { canary, all, matching, names } of splitRules(this.#world)) {
      if (!names.includes('web')) this.#say(1, `the only destination is ${names.join(' ')}`);
      if (all === 0) this.#say(1, 'all weights are 0');
      if (matching || names.length < 2) continue;
      if (all !== 100 && all !== 10_000) this.#say(1, `the weights add up to ${all}`);
      if (canary >= all && this.#strategy() !== 'blueGreen') this.#say(1, 'everything goes to the canary');
    }
  }

  #strategy(): string | undefined {
    return getString(this.#world.releases()[0]?.spec.policy, 'strategy');
  }

  /**
   * 2: traffic goes to the canary only if something answers there. 4: once recorded as withdrawn, a release
   * gets no traffic again.
   */
  #raised(split: Split): void {
    const what = splitText(split);
    // The cache does not know yet of a pod that died within its delay: the next look takes the weight away.
    const fresh = this.#world.staleFor === 0;
    if (readyPods(this.#world, 'web-canary').length === 0 && fresh)
      this.#say(2, `${what} without a ready canary pod`);
    if (this.#world.get('services', 'web-canary') === undefined && !isByPods(this.#world))
      this.#say(2, `${what} without a Service`);
    if (split.weight === 100 && fresh) this.#switched();
    const [newest] = this.#world.releases();
    if (this.#withdrawn.has(newest?.metadata.uid ?? ''))
      this.#say(4, `${what} after ${newest?.metadata.name ?? ''} was withdrawn`);
  }

  /** 1: everything goes to the canary only while both versions have their full size. */
  #switched(): void {
    const wanted = Number(this.#world.target()?.spec?.['replicas']);
    const [canary, stable] = [readyPods(this.#world, 'web-canary'), readyPods(this.#world, 'web')];
    if (canary.length < wanted || stable.length < wanted)
      this.#say(1, `switched with ${canary.length} canary and ${stable.length} stable pods of ${wanted}`);
  }

  /** 1: without a router, there are never more pods than the step's weight needs. */
  #scaled(request: KubeRequest): void {
    const isScale = request.url.includes('/deployments/web-canary') && request.method === 'PATCH';
    if (!isByPods(this.#world) || !isScale || this.#world.staleFor > 0) return;
    const wrong = wrongNumber(this.#world);
    if (wrong !== undefined) this.#say(1, wrong);
  }

  /** 5: nothing that carries traffic is deleted. */
  #deletions(request: KubeRequest, split: Split): void {
    if (request.method !== 'DELETE' || isNothing(split)) return;
    if (/\/(deployments|services)\//.test(request.url))
      this.#say(5, `DELETE ${request.url} at ${splitText(split)}`);
  }

  #targetWrites(request: KubeRequest): void {
    const isTarget = request.url.split('?')[0]?.endsWith('/deployments/web') === true;
    if (!isTarget || request.method === 'DELETE') return;
    if (request.body?.includes('/spec/replicas') === true)
      this.#say(5, 'spec.replicas of the target was written');
    const target = this.#world.target();
    const paused = target?.spec?.['paused'] === true;
    if (this.#paused && !paused && target !== undefined) this.#mayRollOut(target);
    this.#paused = paused;
  }

  /** 3: only a version that is proven, stable, ordered or allowed by a rule rolls out. */
  #mayRollOut(target: KubeObject): void {
    const template = target.spec?.['template'] as JsonObject;
    const [newest] = this.#world.releases();
    if (newest === undefined || newest.spec.target.uid !== target.metadata.uid) return this.#firstToServe();
    if (templatesEqual(template, newest.spec.stable.template)) return;
    const { phase, promotedFor } = newest.status ?? {};
    const promoted = phase === 'Promoting' || phase === 'Promoted' || phase === 'Escaped';
    if (!promoted || !templatesEqual(template, newest.spec.canary.template)) {
      return this.#say(3, `${imageOf(template)} un-paused in phase ${phase ?? 'none'}`);
    }
    const harmful = isHarmful(imageOf(template), imageOf(newest.spec.stable.template));
    if (harmful && promotedFor === 'Analysis') this.#say(3, `${imageOf(template)} was promoted`);
    if (phase === 'Promoting') this.#ordered(promotedFor);
  }

  /** No policy of these worlds promotes without a conclusion. */
  #ordered(promotedFor: PromotedFor | undefined): void {
    if (promotedFor === undefined || promotedFor === 'Inconclusive')
      this.#say(3, `promoted for ${promotedFor ?? 'nothing'}`);
  }

  /** Without a record of this very target, a version rolls out only if it replaces no serving version. */
  #firstToServe(): void {
    if (readyPods(this.#world, 'web').length > 0 && this.#world.staleFor === 0)
      this.#say(3, 'un-paused without a record');
  }

  #afterPass(result: Reconciled): void {
    this.#law.afterPass(result);
    if (result.outcome !== 'done') return;
    this.#answers();
    const { status } = result.decision;
    if (status === undefined) return;
    this.#passes(status);
    const release = this.#world.releases().find((each) => each.metadata.name === status.release);
    this.#read(status, release);
    if (status.next.phase === 'RollingBack') {
      this.#withdrawn.add(release?.metadata.uid ?? '');
      this.#zeroByNow(release);
    }
  }

  /** 2: a canary that died does not keep its traffic. */
  #answers(): void {
    const dead = !isNothing(liveSplit(this.#world)) && readyPods(this.#world, 'web-canary').length === 0;
    const nowMs = this.#world.clock.now();
    this.#deadSinceMs = dead ? (this.#deadSinceMs ?? nowMs) : undefined;
    if (nowMs - (this.#deadSinceMs ?? nowMs) > 5_000 + this.#world.staleFor) {
      this.#say(2, 'traffic stays on a canary without a ready pod');
    }
  }

  /** 7: a step passes with numbers of its own, never without data. */
  #passes({ release, next }: NonNullable<Decision['status']>): void {
    const { answered } = this.#world.prometheus;
    const passed = next.reason === 'StepPassed' || next.reason === 'AllStepsPassed';
    if (
      passed &&
      answered === this.#answered &&
      next.phase !== 'Promoted' &&
      this.#step !== `${release} passed`
    ) {
      this.#say(7, `${release} passed ${this.#step} without a single answer`);
    }
    const step = next.phase === 'Promoting' ? `${release} passed` : `${release} step ${next.step}`;
    if (step !== this.#step) this.#answered = answered;
    this.#step = step;
  }

  /** 7: where stored statistics cannot be read, the canary gets no requests until a human has looked. */
  #read({ next }: NonNullable<Decision['status']>, release: Release | undefined): void {
    const lost = Object.values(next.analysis?.metrics ?? {}).some(({ data }) => data['harm'] === null);
    if (
      lost &&
      next.phase !== 'RollingBack' &&
      !isNothing(steeredSplit(this.#world)) &&
      this.#world.staleFor === 0
    )
      this.#say(7, `${release?.metadata.name ?? ''} has traffic, and statistics that cannot be read`);
  }

  /** 4: the pass that records a withdrawal has taken the traffic away. */
  #zeroByNow(release: Release | undefined): void {
    const split = steeredSplit(this.#world);
    if (!isNothing(split) && this.#world.staleFor === 0) {
      this.#say(4, `${splitText(split)} after the pass that withdrew ${release?.metadata.name ?? ''}`);
    }
  }

  /** 6, and whatever else is true when no release is running. */
  atRest(): void {
    const world = this.#world;
    const [newest] = world.releases();
    if (newest !== undefined && !isTerminal(newest.status?.phase ?? 'Pending')) return;
    const left = [
      'deployments.apps',
      'services',
      'ingresses.networking.k8s.io',
      ...MESH_KINDS,
      ...FOLLOWED_KINDS,
    ].flatMap((resource) =>
      world.api.store.list(resource, NAMESPACE).filter((each) => each.metadata.name.includes('canary')),
    );
    for (const each of left) this.#say(6, `${each.kind} ${each.metadata.name} is left behind`);
    if (readyPods(world, 'web-canary').length > 0) this.#say(6, 'canary pods are left behind');
    for (const release of world.releases()) {
      if ((release.metadata.finalizers ?? []).includes(FINALIZER))
        this.#say(6, `${release.metadata.name} has the finalizer`);
    }
    this.#serving(newest);
    this.#held(newest);
    this.#owned();
    const live = userRoute(world);
    if (live === undefined || this.authored === undefined) return;
    if (!equalJson(live.spec, this.authored.spec))
      this.#say(6, `the route is left as ${JSON.stringify(live.spec)}`);
    if (!equalJson(live.metadata.annotations, this.authored.metadata.annotations))
      this.#say(6, 'route annotations differ');
  }

  /** 6: every field keeps its owner. */
  #owned(): void {
    for (const object of [this.#world.target(), userRoute(this.#world)]) {
      const taken = object === undefined ? [] : takenFrom(object);
      if (taken.length > 0) this.#say(6, `Sluice owns ${taken.join(', ')} of ${object?.kind ?? ''} web`);
    }
  }

  /** 3 and 6: what is not stable is held, and in admission mode nothing else is changed. */
  #held(newest: Release | undefined): void {
    const target = this.#world.target();
    if (newest === undefined || target?.metadata.annotations?.['sluice.dev/policy'] === undefined) return;
    const paused = target.spec?.['paused'] === true;
    const marker = target.metadata.annotations['sluice.dev/held'];
    const stable = templatesEqual(target.spec?.['template'] as JsonObject, stableAfter(newest).template);
    const state = `${stable ? 'idle' : 'held'}: ${paused ? 'paused' : 'un-paused'}, ${marker ?? 'unmarked'}`;
    const wanted =
      this.#world.hold === 'pause'
        ? ['idle: paused, unmarked', 'held: paused, *']
        : ['idle: un-paused, unmarked', 'idle: paused, failed', 'held: paused, new', 'held: paused, failed'];
    const fits = wanted.some(
      (each) => state === each || (each.endsWith('*') && state.startsWith(each.slice(0, -1))),
    );
    if (!fits) this.#say(6, `the target is left ${state}`);
  }

  /** 3: behind the stable Service runs only the stable version. */
  #serving(newest: Release | undefined): void {
    const target = this.#world.target();
    if (newest === undefined || target?.metadata.annotations?.['sluice.dev/policy'] === undefined) return;
    const stable = imageOf(stableAfter(newest).template);
    const strange = readyPods(this.#world, 'web').filter((image) => image !== stable);
    if (strange.length > 0) this.#say(3, `${strange.join(', ')} serves beside ${stable}`);
  }
}
