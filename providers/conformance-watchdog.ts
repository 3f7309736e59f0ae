import { expect } from 'vitest';
import { probesOf, type Ladder } from './conformance-ladders.ts';
import type { Fixtures, Headers, Place, Session } from './conformance-session.ts';
import type { Split } from './provider.ts';

/** What must be true after every write of one release. */
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
      expect(this.#fixtures.validate(object), `schema of ${object.metadata.name}`).toEqual([]);
    }
    for (const place of this.#places()) {
      const total = place.stable + place.canary + place.other;
      expect(total, `${place.id} sends something somewhere`).toBeGreaterThan(0);
      expectStable(place);
      if (place.canary > 0) this.#totals.set(place.id, (this.#totals.get(place.id) ?? new Set()).add(total));
    }
    for (const [id, totals] of this.#totals) expect([...totals], `sum of ${id} stays`).toHaveLength(1);
  }

  expectSplit(split: Split): void {
    for (const place of this.#places()) {
      expectShare(place, split.weight, this.#ladder.wants.total);
      expect(place.mirror ?? 0, `${place.id}: copies`).toBe(split.mirror);
    }
    const { hits, misses } = probesOf(this.#ladder, `${this.#session.service}-7`);
    for (const headers of hits) this.#expectRouted(headers, split, split.matching ? 100 : split.weight);
    if (hits.length > 0) for (const headers of misses) this.#expectRouted(headers, split, split.weight);
  }

  #expectRouted(headers: Headers, split: Split, weight: number): void {
    const plain = this.#places();
    const places = this.#places(headers);
    expect(
      places.map(({ id }) => id),
      'every place is there for every request',
    ).toEqual(plain.map(({ id }) => id));
    for (const place of places) {
      const id = `${place.id} of ${JSON.stringify(headers)}`;
      expectShare({ ...place, id }, weight, this.#ladder.wants.total);
      expectStable({ ...place, id });
      const { sticky } = this.#ladder.wants;
      const cookie =
        split.matching && sticky !== undefined && place.canary > 0
          ? `${sticky.cookie}=${this.#session.service}-7`
          : '';
      expect((place.setCookie ?? '').replace(/;.*/, ''), `${id}: cookie`).toBe(cookie);
    }
  }
}

function expectStable(place: Place): void {
  if (place.stable === 0) expect(place.lists ?? true, `${place.id}: the canary is not alone`).toBe(true);
}

/** A sum above the wanted one, which stays, may not hold the share to the last unit. */
function expectShare(place: Place, weight: number, total: number): void {
  const percent = (100 * place.canary) / (place.stable + place.canary);
  const allowed = 50 / total + 1e-9;
  expect(Math.abs(percent - weight), `${place.id}: ${percent}% for ${weight}%`).toBeLessThanOrEqual(allowed);
}
