import type { FactsRule } from '../../answer.ts';
import { removeLeftBehind } from '../../plan/left-behind.ts';

/** Objects that Sluice made are there, and no release under way accounts for them. */
export const orphans: FactsRule = { name: 'orphans', decide: removeLeftBehind };
