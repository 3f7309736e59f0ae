import type { Refusal } from '../../../lib/schema/object.ts';
import type { Rule } from '../../../lib/schema/schema.ts';

export const STRATEGIES = ['canary', 'blueGreen', 'ab'] as const;
export type Strategy = (typeof STRATEGIES)[number];

interface Place {
  strategies: readonly Strategy[];
  remedy: string;
  /** what an API server says when it rejects the field */
  message: string;
}

/** The strategies that allow a field, and what to do with it under another strategy. */
const GOES_WITH = {
  steps: {
    strategies: ['canary', 'ab'],
    remedy: 'remove it; mirror and bake say what happens before and after the switch',
    message: 'strategy: blueGreen has no steps; mirror and bake say what happens before and after the switch',
  },
  match: {
    strategies: ['ab'],
    remedy: 'remove it, or use strategy: ab',
    message: 'match needs strategy: ab',
  },
  stickiness: {
    strategies: ['canary', 'ab'],
    remedy: 'remove it; all requests switch at once',
    message: 'stickiness cannot be used with strategy: blueGreen, where all requests switch at once',
  },
  bake: {
    strategies: ['blueGreen'],
    remedy: 'remove it, or use strategy: blueGreen',
    message: 'bake needs strategy: blueGreen',
  },
} as const satisfies Record<string, Place>;

type Bound = keyof typeof GOES_WITH;

/** Why this strategy does not allow a field; a strategy that could not be read allows every field. */
export function refusalOf(name: Bound, strategy: Strategy | undefined): Refusal | undefined {
  const { strategies, remedy }: Place = GOES_WITH[name];
  if (strategy === undefined || strategies.includes(strategy)) return undefined;
  return { message: `cannot be used with strategy ${strategy}`, remedy };
}

/** The refusal and the rules of a field that only some strategies allow. */
export function under(name: Bound, strategy: Strategy | undefined) {
  const { strategies, message }: Place = GOES_WITH[name];
  const among = strategies.map((each) => `'${each}'`).join(', ');
  const byDefault = strategies.includes('canary');
  const rule = byDefault
    ? `!has(self.${name}) || !has(self.strategy) || self.strategy in [${among}]`
    : `!has(self.${name}) || (has(self.strategy) && self.strategy in [${among}])`;
  const rules: Rule[] = [{ rule, message }];
  return { refused: refusalOf(name, strategy), rules };
}
