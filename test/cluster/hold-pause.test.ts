/** The hold by pause as kubectl's users see it, on a real API server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployment, image, NEVER_READY, REPLICAS, Targets } from './held.ts';
import { Lane, type Controller } from './lane.ts';
import { NEW_TEMPLATE, SAME_TEMPLATE } from './verbs.ts';

const IDLE = 'paused, unmarked';
const KEPT = (name: string): string =>
  `deployment ${name} is kept paused by Sluice, so that no revision rolls out before it is proven. Promote the present one with \`sluice promote deployment/${name}\``;

describe('the hold by pause', () => {
  const others = ['idle', 'promoted', 'promoting', 'aborted', 'opted-out', 'made-anew', 'zero'];
  let lane: Lane;
  let controller: Controller;
  let targets: Targets;

  beforeAll(async () => {
    lane = await Lane.start();
    await lane.install('pause');
    controller = await lane.controller('pause');
    targets = await Targets.start(lane, [
      ...[...NEW_TEMPLATE, ...SAME_TEMPLATE].map(({ name }) => deployment(name)),
      ...others.map((name) => deployment(name)),
      deployment('broken', image(1), { progressDeadlineSeconds: 5 }),
    ]);
    for (const name of others) await targets.untilHold(name, IDLE);
  });

  afterAll(async () => {
    targets.stop();
    await lane.stop();
  });

  const setImage = (name: string, version: string) =>
    targets.kubectl('set', 'image', `deployment/${name}`, `app=${version}`);
  const status = (name: string, ...flags: string[]) =>
    targets.kubectl('rollout', 'status', `deployment/${name}`, ...flags);

  it('keeps an idle target paused, and serving', async () => {
    expect(await targets.hold('idle')).toBe(IDLE);
    expect(await status('idle')).toMatchObject({ code: 0 });
    await targets.untilServing('idle', image(1));
  });

  it.each(NEW_TEMPLATE.filter(({ unpauses }) => unpauses === undefined))(
    'holds what $name brings',
    async ({ name, run }) => {
      await targets.untilHold(name, IDLE);
      const before = targets.pods(name);
      expect(await run(lane, name)).toMatchObject({ code: 0 });
      expect(await targets.hold(name)).toBe(IDLE);
      await targets.until(name, /^Progressing\/(Measuring|PrometheusUnavailable)$/);
      expect(targets.pods(name)).toEqual(expect.arrayContaining(before));
      await targets.untilServing(name, image(1));
      expect((await status(name, '--watch=false')).out).toMatch(/0 out of \d new replicas have been updated/);
    },
  );

  it.each(NEW_TEMPLATE.filter(({ unpauses }) => unpauses === true))(
    'refuses $name, which would un-pause as well',
    async ({ name, run }) => {
      await targets.untilHold(name, IDLE);
      const { code, out } = await run(lane, name);
      expect(code).toBe(1);
      expect(out).toContain(KEPT(name));
      expect(targets.phase(name)).toBe('Promoted/Initial');
    },
  );

  it.each(SAME_TEMPLATE)('takes $name', async ({ name, run }) => {
    await targets.untilHold(name, IDLE);
    expect(await run(lane, name)).toMatchObject({ code: 0 });
    expect(await targets.hold(name)).toBe(IDLE);
    await targets.untilServing(name, image(1));
    expect(targets.phase(name)).toBe('Promoted/Initial');
  });

  it('answers what would un-pause an idle target with a sentence', async () => {
    const resumed = await targets.kubectl('rollout', 'resume', 'deployment/idle');
    expect(resumed).toMatchObject({ code: 1 });
    expect(resumed.out).toContain(KEPT('idle'));
    // kubectl's own words, which docs/concepts.md quotes
    const restarted = await targets.kubectl('rollout', 'restart', 'deployment/idle');
    expect(restarted).toMatchObject({ code: 1 });
    expect(restarted.out).toContain("can't restart paused deployment");
    expect(await targets.hold('idle')).toBe(IDLE);
  });

  it('restarts the stable pods by `sluice restart`', async () => {
    const before = targets.pods('idle');
    expect(await targets.sluice('restart', 'deployment/idle')).toMatchObject({ code: 0 });
    await targets.untilReplaced('idle', before);
    await targets.untilHold('idle', IDLE);
    await targets.untilServing('idle', image(1));
    expect(targets.phase('idle')).toBe('Promoted/Initial');
  });

  it('makes `rollout status` wait until the version is promoted, and goes back when the earlier one is applied', async () => {
    await setImage('promoted', image(2));
    const waiting = status('promoted', '--timeout=30m');
    await targets.until('promoted', /^Progressing/);
    expect(await targets.sluice('promote', 'deployment/promoted')).toMatchObject({ code: 0 });
    expect(await waiting).toMatchObject({ code: 0 });
    await targets.until('promoted', /^Promoted\/PromotedByHuman$/);
    await targets.untilServing('promoted', image(2));
    await targets.untilHold('promoted', IDLE);

    const undo = await targets.kubectl('rollout', 'undo', 'deployment/promoted');
    expect(undo).toMatchObject({ code: 1 });
    expect(undo.out).toContain('you cannot rollback a paused deployment');
    await lane.apply(deployment('promoted'));
    await targets.until('promoted', /^Promoted\/KnownGood$/);
    await targets.untilServing('promoted', image(1));
    expect(await status('promoted', '--timeout=30m')).toMatchObject({ code: 0 });
  });

  it('refuses another template while one is being promoted, and never the stable one', async () => {
    await setImage('promoting', NEVER_READY);
    await targets.until('promoting', /^Progressing/);
    expect(await targets.sluice('promote', 'deployment/promoting')).toMatchObject({ code: 0 });
    await targets.until('promoting', /^Promoting\//);
    await targets.untilHold('promoting', 'un-paused, unmarked');

    const refused = await setImage('promoting', image(2));
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.out).toMatch(
      /release promoting-\d+ is being promoted, and another template would roll out unproven\. Apply it when that has ended/,
    );
    expect(await setImage('promoting', image(1))).toMatchObject({ code: 0 });
    await targets.until('promoting', /^Aborted\//);
    await targets.untilServing('promoting', image(1));
  });

  it('makes `rollout status` fail for a version that was withdrawn', async () => {
    const before = targets.pods('aborted');
    await setImage('aborted', image(2));
    const waiting = status('aborted', '--timeout=30m');
    await targets.until('aborted', /^Progressing/);
    expect(await targets.sluice('abort', 'deployment/aborted')).toMatchObject({ code: 0 });
    expect(await waiting).toMatchObject({ code: 1 });
    await targets.until('aborted', /^Aborted\/AbortedByHuman$/);
    expect(await targets.hold('aborted')).toBe(IDLE);
    expect(targets.pods('aborted')).toEqual(before);
  });

  it('takes a version back whose pods never become ready, and `sluice revert` puts the stable one back', async () => {
    const before = targets.pods('broken');
    await setImage('broken', NEVER_READY);
    expect(await status('broken', '--timeout=30m')).toMatchObject({ code: 1 });
    await targets.until('broken', /^RolledBack\//);
    expect(await targets.sluice('revert', 'deployment/broken')).toMatchObject({ code: 0 });
    await targets.untilRolledOut('broken');
    await targets.untilHold('broken', IDLE);
    expect(targets.pods('broken')).toEqual(before);
  });

  it('lets a team out without a controller: the annotation goes, then resume works', async () => {
    await setImage('opted-out', image(2));
    await targets.until('opted-out', /^Progressing/);
    await controller.end();
    expect(await targets.kubectl('annotate', 'deployment/opted-out', 'sluice.dev/policy-')).toMatchObject({
      code: 0,
    });
    expect(await targets.kubectl('rollout', 'resume', 'deployment/opted-out')).toMatchObject({ code: 0 });
    await targets.untilServing('opted-out', image(2));
    expect(await status('opted-out', '--timeout=30m')).toMatchObject({ code: 0 });

    controller = await lane.controller('pause');
    await targets.until('opted-out', /^Aborted\/OptedOut$/);
    await targets.untilHold('opted-out', 'un-paused, unmarked');
  });

  it('records a target as escaped that was deleted and made again with another version', async () => {
    const input = JSON.stringify(deployment('made-anew', image(2)));
    expect(await lane.kubectl(['replace', '--force', '-f', '-'], { input })).toMatchObject({ code: 0 });
    await targets.until('made-anew', /^Escaped\//);
    await targets.untilServing('made-anew', image(2));
    await targets.untilHold('made-anew', IDLE);
  });

  it('brings the stable pods back when a held target is scaled to 0 and up again', async () => {
    await setImage('zero', image(2));
    await targets.until('zero', /^Progressing/);
    await targets.kubectl('scale', 'deployment/zero', '--replicas=0');
    await targets.untilServing('zero', image(1));
    await targets.kubectl('scale', 'deployment/zero', `--replicas=${REPLICAS}`);
    await targets.untilServing('zero', image(1));
    await targets.until('zero', /^Progressing/);
    expect(await targets.hold('zero')).toBe(IDLE);
  });

  it('is worked by the controller with no more than the rights of manifests/rbac', () => {
    expect(lane.forbidden).toEqual([]);
  });
});
