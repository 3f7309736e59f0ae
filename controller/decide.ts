import { factsOf } from './facts.ts';
import type { Decision, Snapshot } from './model.ts';
import { keepJudging } from './rules/live/measure.ts';
import { RULES } from './rules/list.ts';
import { rememberingSkip } from './rules/skip.ts';

/** What to do about one target, and why: the answer of the first rule that applies. Pure. */
export function decide(snapshot: Snapshot): Decision {
  const facts = factsOf(snapshot);
  for (const rule of RULES) {
    const answer = rule.decide(facts);
    if (answer === undefined) continue;
    return rememberingSkip(facts, { rule: rule.name, ...keepJudging(facts, answer) });
  }
  throw new Error('the last rule answers always');
}
