/** The hold by admission as kubectl's users see it, on a real API server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deployment, image, NEVER_READY, REPLICAS, Targets } from './held.ts';
import { Lane, NO_ADMISSION, type Controller } from './lane.ts';
import { NEW_TEMPLATE, SAME_TEMPLATE } from './verbs.ts';

const title =
  NO_ADMISSION === undefined ? 'the hold by admission' : `the hold by admission (${NO_ADMISSION})`;

describe.skipIf(NO_ADMISSION !== undefined)(title, () => {
  const others = ['tried', 'promoted', 'aborted', 'opted-out', 'made-anew', 'restarted', 'zero'];
  let lane: Lane;
  let controller: Controller;
  let targets: Targets;

  beforeAll(async () => {
    lane = await Lane.start();
    await lane.install('admission');
    controller = await lane.controller('admission');
    targets = await Targets.start(lane, [
      ...[...NEW_TEMPLATE, ...SAME_TEMPLATE].map(({ name }) => deployment(name)),
      ...others.map((name) => deployment(name)),
      deployment('broken', image(1), { progressDeadlineSeconds: 5 }),
    ]);
  });

  afterAll(async () => {
    targets.stop();
    await lane.stop();
  });

  const setImage = (name: string, version: string) =>
    targets.kubectl('set', 'image', `deployment/${name}`, `app=${version}`);
  const status = (name: string, ...flags: string[]) =>
    targets.kubectl('rollout', 'status', `deployment/${name}`, ...flags);

  it('leaves an idle target as its author wrote it', async () => {
    expect(await targets.hold('tried')).toBe('un-paused, unmarked');
    expect(await status('tried')).toMatchObject({ code: 0 });
  });

  it.each(NEW_TEMPLATE)('holds what $name brings, in the same write', async ({ name, run }) => {
    const before = targets.pods(name);
    expect(await run(lane, name)).toMatchObject({ code: 0 });
    expect(await targets.hold(name)).toBe('paused, new');
    await targets.until(name, /^Progressing\/(Measuring|PrometheusUnavailable)$/);
    expect(targets.pods(name)).toEqual(expect.arrayContaining(before));
    await targets.untilServing(name, image(1));
    expect((await status(name, '--watch=false')).out).toMatch(/0 out of \d new replicas have been updated/);
  });

  it.each(SAME_TEMPLATE)('does not hold $name', async ({ name, run }) => {
    expect(await run(lane, name)).toMatchObject({ code: 0 });
    expect(await targets.hold(name)).toBe('un-paused, unmarked');
    expect(await status(name)).toMatchObject({ code: 0 });
    expect(targets.phase(name)).toBe('Promoted/Initial');
  });

  it('lets a restart replace the pods', async () => {
    const before = targets.pods('restarted');
    expect(await targets.kubectl('rollout', 'restart', 'deployment/restarted')).toMatchObject({ code: 0 });
    expect(await targets.hold('restarted')).toBe('un-paused, unmarked');
    expect(await status('restarted', '--timeout=30m')).toMatchObject({ code: 0 });
    await targets.untilReplaced('restarted', before);
    await targets.untilServing('restarted', image(1));
    expect(targets.phase('restarted')).toBe('Promoted/Initial');
  });

  it('keeps a held target held, whatever is tried', async () => {
    const before = targets.pods('tried');
    await setImage('tried', image(2));
    const target = ['deployment', 'tried'];
    const tried = [
      ['patch', ...target, '--type=merge', '-p', '{"spec":{"paused":false}}'],
      ['patch', ...target, '--type=json', '-p', '[{"op":"remove","path":"/spec/paused"}]'],
      ['annotate', ...target, 'sluice.dev/held-'],
      ['annotate', ...target, 'sluice.dev/held=failed', '--overwrite'],
      ['set', 'image', ...target, `app=${image(3)}`],
    ];
    for (const args of tried) {
      expect(await targets.kubectl(...args), args.join(' ')).toMatchObject({ code: 0 });
      expect(await targets.hold('tried'), args.join(' ')).toBe('paused, new');
    }
    const input = JSON.stringify(deployment('tried', image(3)));
    expect(await lane.kubectl(['replace', '-f', '-'], { input })).toMatchObject({ code: 0 });
    expect(await targets.hold('tried')).toBe('paused, new');
    const applied = JSON.stringify(deployment('tried', image(3), { paused: false }));
    expect(
      await lane.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: applied }),
    ).toMatchObject({ code: 0 });
    expect(await targets.hold('tried')).toBe('paused, new');
    expect(targets.pods('tried')).toEqual(before);
  });

  it('answers what would lift it with a sentence', async () => {
    const told = async (...args: string[]) => {
      const { code, out } = await targets.kubectl(...args);
      expect(code, args.join(' ')).toBe(1);
      return out;
    };
    const resumed = await told('rollout', 'resume', 'deployment/tried');
    expect(resumed).toContain(
      'deployment tried is held by Sluice: this revision is not proven yet. Promote it now with `sluice promote deployment/tried`',
    );
    expect(
      await told('annotate', 'deployment/tried', 'sluice.dev/held-', '--field-manager=kubectl-rollout'),
    ).toContain('annotation sluice.dev/held: only the controller changes it while deployment tried is held');
    const marker = '{"metadata":{"annotations":{"sluice.dev/held":null}}}';
    expect(
      await told('patch', 'deployment', 'tried', '--subresource=status', '--type=merge', '-p', marker),
    ).toContain('only the controller changes it while deployment tried is held');
    // kubectl's own words
    expect(await told('rollout', 'restart', 'deployment/tried')).toContain("can't restart paused deployment");
    expect(await targets.hold('tried')).toBe('paused, new');
  });

  it('makes `rollout status` wait until the version is promoted, and go back by `rollout undo` at once', async () => {
    await setImage('promoted', image(2));
    const waiting = status('promoted', '--timeout=30m');
    await targets.until('promoted', /^Progressing/);
    expect(await targets.sluice('promote', 'deployment/promoted')).toMatchObject({ code: 0 });
    expect(await waiting).toMatchObject({ code: 0 });
    await targets.until('promoted', /^Promoted\/PromotedByHuman$/);
    await targets.untilServing('promoted', image(2));
    expect(await targets.hold('promoted')).toBe('un-paused, unmarked');

    expect(await targets.kubectl('rollout', 'undo', 'deployment/promoted')).toMatchObject({ code: 0 });
    await targets.until('promoted', /^Promoted\/KnownGood$/);
    await targets.untilServing('promoted', image(1));
    expect(await status('promoted', '--timeout=30m')).toMatchObject({ code: 0 });
    expect(await targets.hold('promoted')).toBe('un-paused, unmarked');

    await setImage('promoted', image(3));
    const undo = await targets.kubectl('rollout', 'undo', 'deployment/promoted');
    expect(undo).toMatchObject({ code: 1 });
    expect(undo.out).toContain('you cannot rollback a paused deployment');
  });

  it('makes `rollout status` fail for a version that was withdrawn, and wait again for the next one', async () => {
    const before = targets.pods('aborted');
    await setImage('aborted', image(2));
    const waiting = status('aborted', '--timeout=30m');
    await targets.until('aborted', /^Progressing/);
    expect(await targets.sluice('abort', 'deployment/aborted')).toMatchObject({ code: 0 });
    expect(await waiting).toMatchObject({ code: 1 });
    await targets.until('aborted', /^Aborted\/AbortedByHuman$/);
    expect(await targets.hold('aborted')).toBe('paused, failed');
    expect(await status('aborted')).toMatchObject({ code: 1 });

    await setImage('aborted', image(3));
    expect(await targets.hold('aborted')).toBe('paused, new');
    await targets.until('aborted', /^Progressing/);
    const next = await status('aborted', '--watch=false');
    expect(next.out).toContain(`0 out of ${REPLICAS} new replicas have been updated`);
    expect(next.out).not.toContain('exceeded its progress deadline');
    expect(targets.pods('aborted')).toEqual(before);
  });

  it('takes a version back whose pods never become ready, and `sluice revert` puts the stable one back', async () => {
    const before = targets.pods('broken');
    await setImage('broken', NEVER_READY);
    expect(await status('broken', '--timeout=30m')).toMatchObject({ code: 1 });
    await targets.until('broken', /^RolledBack\//);
    expect(await targets.hold('broken')).toBe('paused, failed');
    expect(await targets.sluice('revert', 'deployment/broken')).toMatchObject({ code: 0 });
    await targets.untilRolledOut('broken');
    expect(await targets.hold('broken')).toBe('un-paused, unmarked');
    expect(targets.pods('broken')).toEqual(before);
  });

  it('lets a team out without a controller: the annotation goes, then resume works', async () => {
    await setImage('opted-out', image(2));
    await targets.until('opted-out', /^Progressing/);
    await controller.end();
    expect(await targets.kubectl('annotate', 'deployment/opted-out', 'sluice.dev/policy-')).toMatchObject({
      code: 0,
    });
    expect(await targets.hold('opted-out')).toBe('paused, new');
    expect(await targets.kubectl('rollout', 'resume', 'deployment/opted-out')).toMatchObject({ code: 0 });
    await targets.untilServing('opted-out', image(2));
    expect(await status('opted-out', '--timeout=30m')).toMatchObject({ code: 0 });

    controller = await lane.controller('admission');
    await targets.until('opted-out', /^Aborted\/OptedOut$/);
    await targets.untilHold('opted-out', 'un-paused, unmarked');
  });

  it('records a target as escaped that was deleted and made again with another version', async () => {
    const input = JSON.stringify(deployment('made-anew', image(2)));
    expect(await lane.kubectl(['replace', '--force', '-f', '-'], { input })).toMatchObject({ code: 0 });
    await targets.until('made-anew', /^Escaped\//);
    await targets.untilServing('made-anew', image(2));
  });

  it('brings the stable pods back when a held target is scaled to 0 and up again', async () => {
    // The newest ReplicaSet is not the stable one, and the native controller would scale it up.
    await setImage('zero', image(2));
    await targets.until('zero', /^Progressing/);
    await targets.sluice('promote', 'deployment/zero');
    await targets.until('zero', /^Promoted\/PromotedByHuman$/);
    await setImage('zero', image(1));
    await targets.until('zero', /^Promoted\/KnownGood$/);
    await setImage('zero', image(3));
    await targets.until('zero', /^Progressing/);
    await targets.kubectl('scale', 'deployment/zero', '--replicas=0');
    await targets.untilServing('zero', image(1));
    await targets.kubectl('scale', 'deployment/zero', `--replicas=${REPLICAS}`);
    await targets.untilServing('zero', image(1));
  });

  it('is worked by the controller with no more than the rights of manifests/rbac', () => {
    expect(lane.forbidden).toEqual([]);
  });
});
