import { expect } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { order, type Order } from '../../cli/commands/order.ts';
import { systemClock } from '../../kube/clock.ts';
import { leftovers, type Listing } from '../../playground/demo/leftovers.ts';
import { recordingIo } from '../support/cli.ts';
import { eventually } from '../support/eventually.ts';
import type { Ran } from './control-plane.ts';
import { BORROWED, Lane, type Hold } from './lane.ts';
import { Sight } from './sight.ts';
import { APP, imageOf, objectsOf, type Subject } from './targets.ts';

/** For the name of a skipped test: here the lane itself confirms routes and runs pods. */
export const WHY = BORROWED === undefined ? '' : ` (${BORROWED})`;
export const TARGET = `deployment/${APP}`;

/**
 * What people do to subjects, at the same time as in a cluster with many teams, and what is true afterwards.
 */
export class Stage {
  readonly lane: Lane;
  readonly sight: Sight;
  readonly subjects: readonly Subject[];
  /** the users' objects before a release, with their own changes since */
  #before: Listing = new Map();

  private constructor(lane: Lane, sight: Sight, subjects: readonly Subject[]) {
    this.lane = lane;
    this.sight = sight;
    this.subjects = subjects;
  }

  static async start(subjects: readonly Subject[], hold?: Hold): Promise<Stage> {
    const lane = await Lane.start();
    try {
      await lane.install(hold);
      return await Stage.on(lane, subjects);
    } catch (error) {
      await lane.stop();
      throw error;
    }
  }

  /** A stage on a lane with Sluice installed. */
  static async on(lane: Lane, subjects: readonly Subject[]): Promise<Stage> {
    await lane.apply(subjects.flatMap(objectsOf));
    return new Stage(lane, await Sight.start(lane.kubeconfig), subjects);
  }

  async stop(): Promise<void> {
    this.sight.stop();
    await this.lane.stop();
  }

  /** All users set the image; until there is another order, users get only `stable`. */
  async release(version: string, stable: string): Promise<void> {
    this.#before = await this.sight.everything();
    for (const subject of this.subjects) this.sight.bind(subject, stable);
    await this.each((subject) => this.write(subject, 'set', 'image', TARGET, `app=${imageOf(version)}`));
  }

  /** A user's write to the target with kubectl; what the server answers has to be the final state. */
  async write({ name }: Subject, ...args: string[]): Promise<void> {
    const written = JSON.parse(
      await this.lane.ok([...args, '-n', name, '-o', 'json', '--show-managed-fields']),
    ) as KubeObject;
    this.#before.set(`deployments.apps ${name}/${APP}`, written);
  }

  /** Runs `sluice promote` and similar orders. */
  async order({ name: namespace }: Subject, what: Order): Promise<void> {
    const io = { ...recordingIo(), clock: systemClock };
    const code = await order(io, what, TARGET, { kubeconfig: this.lane.kubeconfig, namespace });
    if (code !== 0) throw new Error(`sluice ${what} in ${namespace}: ${io.complained.join('\n')}`);
  }

  async promote(version: string): Promise<void> {
    await this.each(async (subject) => {
      this.sight.allow(subject, version);
      await this.order(subject, 'promote');
    });
  }

  async each(work: (subject: Subject) => Promise<void>, subjects = this.subjects): Promise<void> {
    await Promise.all(subjects.map(work));
  }

  /** Nothing is left behind, and no release exceeded its orders at any moment. */
  async expectAsBefore(): Promise<void> {
    await eventually(async () => expect(leftovers(this.#before, await this.sight.everything())).toEqual([]));
    expect(this.sight.broken).toEqual([]);
  }

  /** The same, and the server accepted every write. */
  async expectAtRest(): Promise<void> {
    await this.expectAsBefore();
    expect(this.sight.complaints(this.subjects)).toEqual([]);
  }

  rolloutStatus({ name }: Subject): Promise<Ran> {
    return this.lane.kubectl(['rollout', 'status', TARGET, '-n', name]);
  }
}
