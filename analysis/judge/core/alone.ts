import type { MetricVerdict } from '../../../api/kinds/release/verdict.ts';
import { REASON } from '../../../api/reasons.ts';
import type { Evaluation } from './evaluation.ts';

/** What was seen of a canary that gets all requests, compared with what stable did before that. */
export interface Seen {
  /** "canary 0.4% errors (5/1200) in this step, stable 0.5% before" */
  text: string;
  /** inside what stable's past allows; false: outside, or no past is known */
  within: boolean;
}

/**
 * The opinion of a metric that compares, while there is nothing to compare with: never a pass, and what stable did at
 * another time is not evidence of harm either. The metric's own limits have held.
 */
export function unopposed(evaluation: Evaluation, { text, within }: Seen): Evaluation {
  const { verdict } = evaluation;
  if (verdict.result === 'fail') return evaluation;
  const limits = within ? '' : '; that is outside the safe margin, or nothing is known of stable before';
  const sentence = `${text}${limits}; all requests go to the canary, so there is nothing to compare it with`;
  const said: MetricVerdict = {
    ...verdict,
    result: 'inconclusive',
    reason: REASON.NothingToCompare,
    sentence,
  };
  return { ...evaluation, verdict: said, missing: false, tolerable: within };
}
