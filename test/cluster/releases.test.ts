import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../support/eventually.ts';
import { BORROWED } from './lane.ts';
import { Stage, TARGET, WHY } from './steps.ts';
import { PROVIDERS, REPLICAS, STRATEGIES, SWITCHES } from './targets.ts';

const STEPWISE = [...PROVIDERS, ...STRATEGIES];
let stage: Stage;

/** A release of all of them, up to the first order that it needs. */
async function begin(version: string, stable: string): Promise<void> {
  await stage.release(version, stable);
  await stage.sight.untilSplit(STEPWISE);
  await stage.sight.until(SWITCHES, /^Waiting\//);
}

/** The result for a pipeline that waits only with kubectl. */
const expectRolloutStatus = (code: number): Promise<void> =>
  stage.each(async (subject) => {
    expect(await stage.rolloutStatus(subject), subject.name).toMatchObject({ code });
  });

describe.skipIf(BORROWED !== undefined)(`releases by every provider at the same time${WHY}`, () => {
  beforeAll(async () => {
    stage = await Stage.start([...STEPWISE, ...SWITCHES]);
    await stage.lane.controller();
    await stage.sight.until(stage.subjects, /^Promoted\/Initial$/);
  });

  afterAll(() => stage.stop());

  it('that are promoted by order leave everything as its users wrote it', async () => {
    await begin('v2', 'v1');
    await stage.each(async (subject) => {
      stage.sight.allowSplit(subject, { ...subject.most, weight: 100 });
      await stage.order(subject, 'resume');
    }, SWITCHES);
    await eventually(() => {
      for (const { name } of SWITCHES) expect(stage.sight.split(name)).toMatchObject({ weight: 100 });
    });
    await stage.promote('v2');
    await stage.sight.until(stage.subjects, /^Promoted\/PromotedByHuman$/);
    await stage.expectAtRest();
    await expectRolloutStatus(0);
  });

  it('that are aborted leave everything as it was but the held template', async () => {
    await begin('v3', 'v2');
    await stage.each((subject) => stage.order(subject, 'abort'));
    await stage.sight.until(stage.subjects, /^Aborted\/AbortedByHuman$/);
    await stage.expectAtRest();
    await expectRolloutStatus(1);
  });

  it('that are ended by opt-out leave the target paused, for its owner to resume', async () => {
    await begin('v4', 'v2');
    await stage.each((subject) => stage.write(subject, 'annotate', TARGET, 'sluice.dev/policy-'));
    await stage.sight.until(stage.subjects, /^Aborted\/OptedOut$/);
    await stage.expectAtRest();
    await stage.each(async (subject) => {
      expect(stage.sight.target(subject)?.spec?.['paused'], subject.name).toBe(true);
      stage.sight.allow(subject, 'v4');
      await stage.lane.ok(['rollout', 'resume', TARGET, '-n', subject.name]);
    });
    // The previous failure stays in its status until the rollout makes progress.
    await eventually(() => {
      const updated = stage.subjects.map((each) => stage.sight.target(each)?.status?.['updatedReplicas']);
      expect(new Set(updated)).toEqual(new Set([REPLICAS]));
    });
    await expectRolloutStatus(0);
  });
});
