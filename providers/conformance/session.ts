import type fc from 'fast-check';
import type { KubeObject } from '../../api/kube.ts';
import type { Write } from '../../api/writes.ts';
import type { Ladder } from './ladders.ts';
import type { Observation, Provider, RouteOriginals, Split, TrafficContext, Wants } from '../provider.ts';
import { NOTHING_WANTED } from '../shared/wants.ts';

/** Objects of one namespace, which only writes change; a refused write throws and changes nothing. */
export interface World {
  apply(write: Write): void;
  put(object: KubeObject): void;
  remove(kind: string, name: string): void;
  list(kind: string): KubeObject[];
  content(): KubeObject[];
}

/** What a data plane does with the requests of one place (a rule, a path), read from the objects independently. */
export interface Place {
  id: string;
  stable: number;
  canary: number;
  other: number;
  /** at weight 100, is stable still in the list, with weight 0? Absent: yes */
  lists?: boolean;
  /** percent of the requests that are copied to the canary; absent: 0 */
  mirror?: number;
  /** cookies that the canary's answers set in addition to their own; absent: none */
  setCookie?: string;
}

export interface ForeignEdit {
  name: string;
  /** Changes the objects as another author would, and leaves our fields as they are. */
  edit: (world: World, initial: readonly KubeObject[]) => void;
}

/** Headers of a request, names in lower case. */
export type Headers = Readonly<Record<string, string>>;

export interface Fixtures {
  world(objects: readonly KubeObject[]): World;
  /**
   * users' objects by what is special about them; in each, something names Service "web" of namespace "shop"
   */
  cases: Record<string, KubeObject[]>;
  /** valid but unusual objects that the provider accepts */
  generated: fc.Arbitrary<KubeObject[]>;
  /** one object that names Service "web" and Service "api" in different places */
  shared: KubeObject[];
  /**
   * The same places, by the same ids, for any request; here for one that has these headers in addition to
   * those its place asks for.
   */
  places(world: World, stable: string, canary: string, headers?: Headers): Place[];
  /**
   * what the provider supports besides whole percents; each of its strategies needs its ladder here. On the
   * last ladder another author interferes, so it should be the richest
   */
  ladders?: readonly Ladder[];
  /** objects on which `ladders` are tried; absent: `cases` */
  roomy?: Record<string, KubeObject[]>;
  edits: ForeignEdit[];
  /** the control plane confirms the objects as they are */
  acknowledge(world: World): void;
  /** the problems for which a server would refuse this object; [] = none */
  validate: (object: KubeObject) => string[];
}

export type Goal = Split | 'end';

const NAMESPACE = 'shop';
const isOurs = ({ metadata }: KubeObject) => metadata.labels?.['app.kubernetes.io/managed-by'] === 'sluice';

/** One release. Only what the controller remembers (originals) survives a crash. */
export class Session {
  readonly provider: Provider;
  readonly world: World;
  readonly service: string;
  wants: Wants = NOTHING_WANTED;
  originals: RouteOriginals | undefined;

  constructor(provider: Provider, world: World, service = 'web') {
    this.provider = provider;
    this.world = world;
    this.service = service;
  }

  get canary(): string {
    return `${this.service}-canary`;
  }

  /** The controller after a crash. */
  restarted(): Session {
    const next = new Session(this.provider, this.world, this.service);
    next.originals = this.originals;
    next.wants = this.wants;
    return next;
  }

  context(): TrafficContext {
    const { service, provider } = this;
    const { routeResources, madeResource, alsoReads = [] } = provider;
    const made = madeResource === undefined ? [] : this.world.list(madeResource.kind).filter(isOurs);
    const live = routeResources.flatMap(({ kind }) => this.world.list(kind));
    return {
      namespace: NAMESPACE,
      target: service,
      release: `${service}-7`,
      owner: { apiVersion: 'apps/v1', kind: 'Deployment', name: service, uid: `uid-of-${service}` },
      stableService: { apiVersion: 'v1', kind: 'Service', metadata: { name: service, namespace: NAMESPACE } },
      canaryService: this.canary,
      // Once edited, a route stays in scope by its name, whatever it says afterwards.
      routes: live.filter(
        (route) => !isOurs(route) && (this.originals !== undefined || provider.names(route, service)),
      ),
      made: made.filter((object) => object.metadata.labels?.['sluice.dev/target'] === service),
      others: alsoReads.flatMap(({ kind }) => this.world.list(kind)),
      originals: this.originals,
      wants: this.wants,
    };
  }

  /**
   * The next writes towards a split ('end': nothing of ours remains). The record is taken first, as the
   * controller does.
   */
  next(goal: Goal): Write[] {
    if (this.provider.editsUserRoutes && goal !== 'end')
      this.originals = this.provider.record(this.context());
    return goal === 'end' ? this.provider.cleanup(this.context()) : this.provider.plan(this.context(), goal);
  }

  observe(): Observation {
    return this.provider.observe(this.context());
  }
}

type Hook = (write: Write) => void;

/** Applies plans until none has a write left. After a refused write it reads and decides again. */
export function drive(session: Session, goal: Goal, before: Hook = () => undefined): void {
  for (let round = 0; round < 6; round++) {
    const [write] = session.next(goal);
    if (write === undefined) return;
    try {
      before(write);
      session.world.apply(write);
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  throw new Error(`no end of writes towards ${JSON.stringify(goal)}`);
}

const isRefused = (error: unknown) => error instanceof Error && 'code' in error && error.code !== 0;

export const text = (world: World) => JSON.stringify(world.content());
