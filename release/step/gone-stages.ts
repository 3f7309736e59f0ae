import { REASON, type Reason } from '../../api/reasons.ts';
import { answerFor, POLL_MS, SLOW_MS } from '../answer.ts';
import type { Stage, StepFacts } from './stage.ts';

/**
 * The routes that the release splits are gone. The canary is judged while anything goes to it; the step does not
 * continue.
 */
export const routesThere: Stage = (s) => {
  const { routes = [] } = s.release.spec.traffic ?? {};
  const gone = routes.filter(
    ({ kind, name }) =>
      !s.traffic.context.routes.some((each) => each.kind === kind && each.metadata.name === name),
  );
  if (gone.length === 0) return undefined;
  const names = gone.map(({ kind, name }) => `${kind} ${name}`).join(', ');
  const are = gone.length === 1 ? 'is' : 'are';
  const sentence = `${names} ${are} gone, so requests are not split; create it again and the step begins again, or abort the release.`;
  return waiting(s, REASON.NoRoute, sentence);
};

/** Without the stable Service, requests to stable get no answer, and that would make any canary look good. */
export const stableServiceThere: Stage = (s) => {
  const name = s.release.spec.traffic?.service;
  if (name === undefined || s.facts.snapshot.services.some(({ metadata }) => metadata.name === name))
    return undefined;
  const sentence = `Service ${name} is gone: requests to the stable version fail; create it again, or set the template back.`;
  return waiting(s, REASON.NoService, sentence);
};

function waiting(s: StepFacts, reason: Reason, sentence: string) {
  const exposed = s.status.exposedAt !== undefined;
  const parts = {
    reason,
    sentence,
    outcome: 'stalled' as const,
    requeueAfterMs: exposed ? POLL_MS : SLOW_MS,
  };
  return answerFor(s.facts, s.release, parts, {
    phase: 'Waiting',
    weightWrittenAt: undefined,
    weightObservedAt: undefined,
  });
}
