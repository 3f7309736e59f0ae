import { expect } from 'vitest';
import { equalJson } from '../../lib/json.ts';
import { probesOf, type Ladder } from './ladders.ts';
import type { Fixtures, Headers, Place, Session } from './session.ts';
import type { Split } from '../provider.ts';

/**
 * What must be true after every write of one release. It is asked many thousand times, so `expect` is called
 * only for what is wrong: `expect` takes longer than everything else here.
 */
export class Watchdog {
  readonly #session: Session;
  readonly #fixtures: Fixtures;
  readonly #ladder: Pick<Ladder, 'wants' | 'samples'>;
  readonly #totals = new Map<string, Set<number>>();

  constructor(
    session: Session,
    fixtures: Fixtures,
    ladder: Pick<Ladder, 'wants' | 'samples'> = { wants: session.wants },
  ) {
    this.#session = session;
    this.#fixtures = fixtures;
    this.#ladder = ladder;
  }

  #places(headers?: Headers): Place[] {
    const { world, service, canary } = this.#session;
    return this.#fixtures.places(world, service, canary, headers);
  }

  check(): void {
    const { world, provider } = this.#session;
    for (const object of provider.routeResources.flatMap(({ kind }) => world.list(kind))) {
      const faults = this.#fixtures.validate(object);
      if (faults.length > 0) expect(faults, `schema of ${object.metadata.name}`).toEqual([]);
    }
    for (const place of this.#places()) {
      const total = place.stable + place.canary + place.other;
      if (!(total > 0)) expect.fail(`${place.id} sends nothing anywhere`);
      expectStable(place);
      if (place.canary > 0) this.#totals.set(place.id, (this.#totals.get(place.id) ?? new Set()).add(total));
    }
    for (const [id, totals] of this.#totals)
      if (totals.size !== 1) expect([...totals], `sum of ${id} stays`).toHaveLength(1);
  }

  expectSplit(split: Split): void {
    const plain = this.#places();
    for (const place of plain) {
      expectShare(place, split.weight, this.#ladder.wants.total);
      if ((place.mirror ?? 0) !== split.mirror) expect.fail(`${place.id} copies ${place.mirror ?? 0}%`);
    }
    const ids = plain.map(({ id }) => id);
    const { hits, misses } = probesOf(this.#ladder, `${this.#session.service}-7`);
    for (const headers of hits) this.#expectRouted(ids, headers, split, split.matching ? 100 : split.weight);
    if (hits.length > 0) for (const headers of misses) this.#expectRouted(ids, headers, split, split.weight);
  }

  #expectRouted(ids: readonly string[], headers: Headers, split: Split, weight: number): void {
    const places = this.#places(headers);
    const found = places.map(({ id }) => id);
    if (!equalJson(found, ids)) expect(found, 'every place is there for every request').toEqual(ids);
    const { sticky, total } = this.#ladder.wants;
    for (const place of places) {
      const id = `${place.id} of ${JSON.stringify(headers)}`;
      expectShare({ ...place, id }, weight, total);
      expectStable({ ...place, id });
      const cookie =
        split.matching && sticky !== undefined && place.canary > 0
          ? `${sticky.cookie}=${this.#session.service}-7`
          : '';
      const set = (place.setCookie ?? '').replace(/;.*/, '');
      if (set !== cookie) expect(set, `${id}: cookie`).toBe(cookie);
    }
  }
}

function expectStable(place: Place): void {
  if (place.stable === 0 && place.lists === false) expect.fail(`${place.id}: the canary is alone`);
}

/** A sum that is above the wanted one, and is kept, need not give the share to the last unit. */
function expectShare(place: Place, weight: number, total: number): void {
  const percent = (100 * place.canary) / (place.stable + place.canary);
  const allowed = 50 / total + 1e-9;
  if (!(Math.abs(percent - weight) <= allowed)) expect.fail(`${place.id}: ${percent}% for ${weight}%`);
}
