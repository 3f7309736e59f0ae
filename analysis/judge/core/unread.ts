import type { MetricState } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Metric } from '../../../api/kinds/template/metric.ts';
import { kindOfMetric } from '../kinds.ts';
import type { Evaluation, MetricInput } from './evaluation.ts';
import { VERSION } from './stored.ts';

/**
 * Stored statistics that cannot be read: the layout is newer or older, or someone removed a number. Their evidence of
 * harm is lost, so the release takes the traffic off and asks a human (release/rules/safety/state-unreadable.ts), and the
 * metric proves nothing until one has looked. A window that is still judged is counted beside them: harm must be found.
 */

type Kind = Metric['type'];

function isReadable({ version, type, data }: MetricState, wanted: Kind): boolean {
  return version === VERSION && type === wanted && kindOfMetric({ type }).memory.isWhole(data);
}

/** Readable statistics to continue from, beside those that could not be read. */
export function opened(stored: MetricState, wanted: Kind): MetricState {
  if (isReadable(stored, wanted)) return stored;
  return { ...kindOfMetric({ type: wanted }).memory.begun(), unread: stored.unread ?? stored.data };
}

/** They cannot be read, or could not be and no human has looked since. */
export const isUnread = (stored: MetricState | undefined, wanted: Kind): boolean =>
  stored !== undefined && opened(stored, wanted).unread !== undefined;

/** A human has looked: from now on only the statistics counted beside the unreadable ones are used. */
export function looked(stored: MetricState, wanted: Kind): MetricState {
  const read = { ...opened(stored, wanted) };
  delete read.unread;
  return read;
}

/**
 * One metric after a window, by its own judge. Numbers that its statistics cannot hold are not counted; statistics that
 * cannot be read withhold the pass.
 */
export function guarded(asked: MetricInput, judge: (input: MetricInput) => Evaluation): Evaluation {
  const { metric, key } = asked.bound;
  const previous = asked.previous && opened(asked.previous, metric.type);
  const input = { ...asked, previous };
  const counted = judge(input);
  const evaluation = isReadable(counted.state, metric.type)
    ? counted
    : judge({ ...input, measurement: { metric: key, window: asked.window, ...TOO_EXTREME } });
  return previous?.unread === undefined ? evaluation : withheld(evaluation, previous.unread);
}

const TOO_EXTREME = {
  outcome: 'badQuery',
  sentence:
    'the numbers of this window are too large or too small to be added to those before, so they are not counted; look at the exporter or the recording rule behind the query',
} as const;

/** Harm that was found since then counts; everything else is undecided. */
function withheld(evaluation: Evaluation, unread: Record<string, unknown>): Evaluation {
  const { verdict } = evaluation;
  const state = { ...evaluation.state, unread };
  if (verdict.result === 'fail') return { ...evaluation, state };
  const said = evaluation.missing
    ? verdict
    : { ...verdict, result: 'inconclusive' as const, reason: REASON.StateUnreadable, sentence: UNREADABLE };
  return { ...evaluation, state, verdict: said, tolerable: false, unread: true };
}

const UNREADABLE =
  'the statistics that the release stored cannot be read, so evidence of harm may be lost and nothing passes; resume the release without it (sluice resume), or take it back (sluice abort)';
