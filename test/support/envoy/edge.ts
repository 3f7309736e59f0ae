import type { Window } from '../../../api/analysis.ts';
import type { KubeObject } from '../../../api/kube.ts';
import { gateway } from '../../../providers/gateway/gateway.ts';
import { trafficVariables } from '../../../providers/index.ts';
import { OFF, type Split, type TrafficContext, type Wants } from '../../../providers/provider.ts';
import { NOTHING_WANTED } from '../../../providers/shared/wants.ts';
import { ObjectWorld } from '../apply-writes.ts';
import { reportedBy } from '../routes.ts';
import type { ScrapingPrometheus } from '../scraping-prometheus.ts';
import { aTrafficContext } from '../traffic.ts';
import { readBy, type Read } from './measured.ts';

export interface Parts {
  prometheus: ScrapingPrometheus;
  /** the controller whose status is on the route */
  controllerName: string;
  follow: (routes: readonly KubeObject[]) => Promise<void>;
}

/** A route that Sluice splits, the data plane that follows it, and a real Prometheus. */
export class Edge {
  readonly #parts: Parts;
  readonly #world: ObjectWorld;
  readonly #wants: Wants;
  #originals: TrafficContext['originals'];
  #split = OFF;

  constructor(parts: Parts, route: KubeObject, wants: Wants = NOTHING_WANTED) {
    this.#parts = parts;
    this.#wants = wants;
    this.#world = new ObjectWorld([reportedBy(route, parts.controllerName)]);
  }

  routes(): KubeObject[] {
    return this.#world.content().map((object) => reportedBy(object, this.#parts.controllerName));
  }

  /** The route as the user wrote it. */
  start(): Promise<void> {
    return this.#parts.follow(this.routes());
  }

  /** Lets Sluice write the split, and waits until the data plane follows it. */
  async go(split: Split): Promise<void> {
    await this.#parts.follow(this.write(split));
  }

  /** Lets Sluice write the split; returns the routes after it. */
  write(split: Split): KubeObject[] {
    const refused = gateway.refuse(this.#context());
    if (refused.length > 0) throw new Error(refused.map(({ sentence }) => sentence).join(' '));
    this.#originals = gateway.record(this.#context());
    for (const write of gateway.plan(this.#context(), split)) this.#world.apply(write);
    this.#split = split;
    return this.routes();
  }

  /** What Sluice reads about the requests that `traffic` sends; `stableOnly`: as if there were no canary. */
  async during(traffic: () => Promise<unknown>, stableOnly = false): Promise<Read> {
    const startMs = await this.#parts.prometheus.scraped();
    await traffic();
    const endMs = await this.#parts.prometheus.scraped();
    return this.read({ startMs, endMs }, stableOnly);
  }

  async read(window: Window, stableOnly = false): Promise<Read> {
    const context = this.#context();
    const presets = gateway.presets(context.routes);
    if ('sentence' in presets) throw new Error(presets.sentence);
    const { client } = this.#parts.prometheus;
    const variables = trafficVariables(context, this.#split);
    return readBy(presets, variables, { window, client, stableOnly });
  }

  #context(): TrafficContext {
    return aTrafficContext(this.routes(), { wants: this.#wants, originals: this.#originals });
  }
}
