import { formatDuration } from '../../lib/duration.ts';
import { REASON } from '../../api/reasons.ts';
import { timeOf } from '../facts/workload.ts';
import { lastWriter, type Writer } from '../facts/writers.ts';
import type { Answer } from '../model.ts';
import type { StatusChange } from '../status/next.ts';
import { withhold } from '../live/withhold.ts';
import type { StepFacts } from './stage.ts';
import { steered } from './steered.ts';

/** A writer that undoes the weight this often within that time will not stop. */
const EDITS = 5;
const WITHIN_MS = 10 * 60_000;

const recent = ({ status, facts }: StepFacts): string[] =>
  (status.reassertedAt ?? []).filter((at) => facts.nowMs - timeOf(at, 0) < WITHIN_MS);

export const isContested = (s: StepFacts): boolean => recent(s).length >= EDITS;

/** Counts one more edit that is undone. */
export function editsAfter(s: StepFacts): { change: StatusChange; count: number; limit: number } {
  const edits = [...recent(s), new Date(s.facts.nowMs).toISOString()];
  const change = { reasserted: (s.status.reasserted ?? 0) + 1, reassertedAt: edits };
  return { change, count: edits.length, limit: EDITS };
}

/** Sluice does not fight other writers for ever: the canary gets nothing until a human decides. */
export function contested(s: StepFacts): Answer {
  const writer = writerOf(s);
  const who = writer === undefined ? 'Someone' : writer.who;
  const sentence = `${who} changed the weight${steered(s).place(s)} more than ${EDITS} times within ${formatDuration(WITHIN_MS)}: it stays at 0. ${remedyOf(writer)}, then continue the release with "sluice resume", or abort it.`;
  return withhold(s.facts, s.release, { reason: REASON.RouteContested, sentence });
}

function remedyOf(writer: Writer | undefined): string {
  const remedy = writer?.remedy ?? 'stop it';
  return remedy.charAt(0).toUpperCase() + remedy.slice(1);
}

/** The last writer to the objects that carry the weight, since it was written. */
function writerOf(s: StepFacts): Writer | undefined {
  const { facts, status, traffic } = s;
  const { routes, made } = traffic.context;
  const objects = [...routes, ...made, ...steered(s).carriers(s)].filter((each) => each !== undefined);
  return lastWriter(objects, timeOf(status.weightObservedAt ?? status.stepStartedAt, facts.nowMs));
}

/** The beginning of a sentence: who changed the route to what, and when, as far as its managed fields tell. */
export function whoChanged(s: StepFacts): string {
  const writer = writerOf(s);
  const { what, to } = steered(s).changed(s);
  return writer === undefined ? `Someone ${what} to ${to}` : `${writer.who} ${what} at ${writer.at} to ${to}`;
}
