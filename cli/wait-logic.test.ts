import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../api/kube.ts';
import type { JsonObject } from '../lib/json.ts';
import type { Phase, ReleaseStatus } from '../api/kinds/release/status.ts';
import type { Release } from '../api/kinds/release/release.ts';
import { aRelease, aStatus } from '../test/support/release.ts';
import { EXIT } from './io.ts';
import { judgeWait, pinOf } from './wait-logic.ts';

const template = (image: string): JsonObject => ({
  metadata: { labels: { app: 'shop' } },
  spec: { containers: [{ name: 'app', image }] },
});
const target = (
  image: string,
  uid = 'uid-shop',
  annotations: Record<string, string> = { 'sluice.dev/policy': 'default' },
): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'shop', uid, annotations },
  spec: { template: template(image) },
});
/** A release from one image to another. */
const release = (from: string, to: string, change: Partial<ReleaseStatus> | undefined): Release =>
  aRelease({
    spec: { stable: { replicaSet: from, template: template(from) }, canary: { template: template(to) } },
    ...(change === undefined ? {} : { status: aStatus(change) }),
  });
const setAside = (item: Release, image: string): Release => ({
  ...item,
  metadata: { ...item.metadata, annotations: { 'sluice.dev/set-aside': JSON.stringify(template(image)) } },
});
const pin = pinOf(target('v2'));
const outcome = (now: KubeObject | undefined, ...releases: Release[]) =>
  judgeWait(pin, { target: now, releases })?.outcome;

describe('judgeWait, pinned to v2', () => {
  it.each<{ phase: Phase; want: number | undefined }>([
    { phase: 'Pending', want: undefined },
    { phase: 'Progressing', want: undefined },
    { phase: 'Promoting', want: undefined },
    { phase: 'RollingBack', want: undefined },
    { phase: 'Promoted', want: 0 },
    { phase: 'RolledBack', want: 1 },
    { phase: 'Aborted', want: 1 },
    { phase: 'Waiting', want: 4 },
    { phase: 'Blocked', want: 6 },
    { phase: 'Escaped', want: 7 },
  ])('$phase → exit code $want', ({ phase, want }) => {
    const result = outcome(
      target('v2'),
      release('v1', 'v2', { phase, reason: 'AbortedByHuman' as const, targetGeneration: 2 }),
    );
    expect(result === undefined ? undefined : EXIT[result]).toBe(want);
  });

  it.each<Phase>(['Promoting', 'RollingBack'])(
    'waits for a human while something is in the way of %s',
    (phase) => {
      const trouble = {
        since: '2026-01-01T00:00:00Z',
        phase,
        reason: 'HarmDetected' as const,
        message: 'Harm.',
      };
      const stuck = (needsHuman: boolean) =>
        outcome(target('v2'), release('v1', 'v2', { phase, trouble: { ...trouble, needsHuman } }));
      expect([stuck(true), stuck(false)]).toEqual(['needsHuman', undefined]);
    },
  );

  it.each([
    { name: 'the Deployment is gone', now: undefined, releases: [], want: 'gone' },
    {
      name: 'the Deployment is another of that name',
      now: target('v2', 'other'),
      releases: [],
      want: 'gone',
    },
    { name: 'no release has been made yet', now: target('v2'), releases: [], want: undefined },
    {
      name: 'the release has no status yet',
      now: target('v2'),
      releases: [release('v1', 'v2', undefined)],
      want: undefined,
    },
    {
      name: 'only the previous release is there',
      now: target('v2'),
      releases: [release('v0', 'v1', { phase: 'Promoted' })],
      want: undefined,
    },
    {
      name: 'v2 was promoted once, but v1 after it: the new attempt is on its way',
      now: target('v2'),
      releases: [
        release('v2', 'v1', { phase: 'Promoted', replicaSet: 'v1' }),
        release('v1', 'v2', { phase: 'Promoted' }),
      ],
      want: undefined,
    },
    {
      name: 'the release of v2 was superseded',
      now: target('v3'),
      releases: [release('v1', 'v2', { phase: 'Superseded' })],
      want: 'superseded',
    },
    {
      name: 'the author went back to v1',
      now: target('v1'),
      releases: [release('v1', 'v2', { phase: 'Aborted', reason: 'RevertedByAuthor' as const })],
      want: 'aborted',
    },
    {
      name: 'the author went back to v1 and to v2 again: the new attempt is on its way',
      now: target('v2'),
      releases: [release('v1', 'v2', { phase: 'Aborted', reason: 'RevertedByAuthor' as const })],
      want: undefined,
    },
    {
      name: 'v2 was superseded and is wanted again: the new attempt is on its way',
      now: target('v2'),
      releases: [release('v1', 'v2', { phase: 'Superseded' })],
      want: undefined,
    },
    {
      name: 'the target opted out in mid-release',
      now: target('v2', 'uid-shop', {}),
      releases: [release('v1', 'v2', { phase: 'Aborted', reason: 'OptedOut' as const })],
      want: 'aborted',
    },
    {
      name: 'the target opted out before a release was made',
      now: target('v2', 'uid-shop', {}),
      releases: [release('v0', 'v1', { phase: 'Promoted', replicaSet: 'v1' })],
      want: 'aborted',
    },
    {
      name: 'v2 failed before and another after it: it is not tried again',
      now: target('v2'),
      releases: [release('v1', 'v3', { phase: 'RolledBack' }), release('v1', 'v2', { phase: 'RolledBack' })],
      want: 'rolledBack',
    },
    {
      name: 'v2 failed before over another stable template',
      now: target('v2'),
      releases: [release('v1', 'v3', { phase: 'RolledBack' }), release('v0', 'v2', { phase: 'RolledBack' })],
      want: undefined,
    },
    {
      name: 'v2 is what was stable before the newest release, which was given up',
      now: target('v2'),
      releases: [release('v2', 'v3', { phase: 'Aborted' })],
      want: 'promoted',
    },
    {
      name: 'v2 is stable, but the newest release has not ended',
      now: target('v2'),
      releases: [release('v2', 'v3', { phase: 'RollingBack' })],
      want: undefined,
    },
    {
      name: 'the template is another now',
      now: target('v3'),
      releases: [release('v0', 'v1', { phase: 'Promoted' })],
      want: 'superseded',
    },
    {
      name: 'v2 was promoted before the template became another',
      now: target('v3'),
      releases: [release('v1', 'v2', { phase: 'Promoted' })],
      want: 'promoted',
    },
    {
      name: 'Sluice set v2 aside until v1 is promoted',
      now: target('v1'),
      releases: [setAside(release('v0', 'v1', { phase: 'Promoting' }), 'v2')],
      want: undefined,
    },
    {
      name: 'a Release of an earlier Deployment of that name says v2 failed',
      now: target('v2'),
      releases: [
        aRelease({
          spec: { target: { name: 'shop', uid: 'earlier' }, canary: { template: template('v2') } },
          status: aStatus({ phase: 'RolledBack' }),
        }),
      ],
      want: undefined,
    },
  ])('$name → $want', ({ now, releases, want }) => {
    expect(outcome(now, ...releases)).toBe(want);
  });

  it('takes a template that only was restarted for the same one', () => {
    const restarted = target('v2');
    restarted.spec = {
      template: {
        metadata: { labels: { app: 'shop' }, annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } },
        spec: { containers: [{ name: 'app', image: 'v2' }] },
      },
    };
    expect(outcome(restarted)).toBeUndefined();
  });
});
