import { seeded } from '../../../lib/random.ts';
/**
 * Decides which faults hit a request, by counts and by seeded draws, so that the same requests get the same
 * faults.
 */
import type { EffectName, Fault, Route } from './fault.ts';

/** A request as routes see it. */
export interface Asked {
  verb: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
  user: string;
}

export interface Planned {
  fault: Fault;
  /** requests that matched its route */
  matched: number;
  /** how often it has struck */
  struck: number;
  /** storage version when the fault was planned */
  since: number;
}

/** Effects that only make sense for some verbs. */
const ONLY: Partial<Record<EffectName, readonly string[]>> = {
  stale: ['list'],
  gone: ['list', 'watch'],
  endWatch: ['watch'],
  halfOpenWatch: ['watch'],
};

function routed(route: Route, asked: Asked): boolean {
  if (route.verbs.length > 0 && !route.verbs.includes(asked.verb)) return false;
  const fields = ['resource', 'subresource', 'namespace', 'name', 'user'] as const;
  return fields.every((field) => route[field] === undefined || route[field] === asked[field]);
}

export class FaultPlan {
  readonly #planned = new Map<string, Planned & { draw: () => number }>();
  #next = 1;

  get nextId(): string {
    return `fault-${this.#next}`;
  }

  /** Replaces a fault with the same id; the counts of the new one begin at 0. */
  add(fault: Fault, since: number): void {
    this.#next++;
    this.#planned.set(fault.id, { fault, matched: 0, struck: 0, since, draw: seeded(fault.seed) });
  }

  /** False if no fault has that id. */
  remove(id: string): boolean {
    return this.#planned.delete(id);
  }

  clear(): void {
    this.#planned.clear();
  }

  all(): Planned[] {
    return [...this.#planned.values()];
  }

  /** The faults that hit this request, in the order in which they were planned; counts the request. */
  strike(asked: Asked): Planned[] {
    return [...this.#planned.values()].filter((planned) => {
      const { fault } = planned;
      if (!routed(fault.route, asked) || ONLY[fault.effect]?.includes(asked.verb) === false) return false;
      planned.matched++;
      if (planned.matched <= fault.skip || planned.struck >= fault.times) return false;
      if (planned.draw() >= fault.probability) return false;
      planned.struck++;
      return true;
    });
  }
}
