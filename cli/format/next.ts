import { isTerminal } from '../../api/conditions.ts';
import { REASON } from '../../api/reasons.ts';
import type { Phase, ReleaseStatus } from '../../api/kinds/release/status.ts';
import type { Release } from '../../api/kinds/release/release.ts';

// Not `kubectl rollout undo`: it refuses a paused Deployment.
const FIX = 'Fix the cause and apply a new template.';

/** What a human can do now, one sentence each; [] when nothing has to be done. */
export function nextSteps(release: Release): string[] {
  const { status } = release;
  if (status === undefined) return ['Nothing yet: the release has just been made.'];
  if (status.trouble?.needsHuman === true)
    return [
      'Do what the message says; then it continues by itself.',
      ...(status.phase === 'RollingBack' ? [] : [`To give up: ${command(release, 'abort')}`]),
    ];
  const byPhase: Record<Phase, () => string[]> = {
    Pending: () => ['Nothing: it continues by itself.'],
    Progressing: () => ['Nothing: it continues by itself.', `To stop it: ${command(release, 'abort')}`],
    Promoting: () => ['Nothing: the target is rolling out the new template.'],
    RollingBack: () => ['Nothing: traffic goes back to the stable version and the canary is removed.'],
    Promoted: () => [],
    Waiting: () => waiting(release, status),
    RolledBack: () => [
      `Users are served by the stable version; the Deployment is held with the failed template. ${FIX}`,
      ...again(release),
    ],
    Aborted: () =>
      status.reason === REASON.TrafficShareTooHigh
        ? [
            'The Deployment is held with this template, which is not the cause. Find out why the data plane does not follow the route.',
            ...again(release),
          ]
        : status.reason === REASON.AbortedByHuman
          ? [`The Deployment is held with this template. ${FIX}`, ...again(release)]
          : [],
    Superseded: () => ['Look at the release of the newer template.'],
    Escaped: () => [
      'This template serves users without having been proven. If you did not mean that, apply the earlier manifest again.',
    ],
    Blocked: () => ['Do what the message says; the release is checked again as soon as something changes.'],
  };
  return byPhase[status.phase]();
}

function again(release: Release): string[] {
  return [
    `To try this template again: ${command(release, 'retry')}`,
    `To put the stable template back: ${command(release, 'revert')}`,
  ];
}

function waiting(release: Release, status: ReleaseStatus): string[] {
  const stop = `To give up: ${command(release, 'abort')}`;
  const skip = `To promote without further proof: ${command(release, 'promote')}`;
  const resume = command(release, 'resume');
  switch (status.reason) {
    case REASON.PausedByHuman:
      return [`To continue: ${resume}`, stop];
    case REASON.PausedByStep:
      return [`To continue to the next step: ${resume}`, skip, stop];
    case REASON.Inconclusive:
      return [`To continue to the next step without a conclusion: ${resume}`, skip, stop];
    case REASON.TrafficShareTooLow:
    case REASON.TrafficShareNone:
      return [`To continue to the next step anyway: ${resume}`, skip, stop];
    default:
      return ['Do what the message says; then the release continues.', `If it does not: ${resume}`, stop];
  }
}

function command(
  { metadata, spec }: Release,
  order: 'abort' | 'promote' | 'resume' | 'retry' | 'revert',
): string {
  return `sluice ${order} deployment/${spec.target.name} -n ${metadata.namespace ?? 'default'}`;
}

/** "now at step 2 of 3", or where it ended. */
export function whereNow(status: ReleaseStatus): string {
  return `${isTerminal(status.phase) ? 'ended' : 'now'} at step ${status.step + 1} of ${status.steps}`;
}
