import type { Rule } from '../../model.ts';
import { removeLeftBehind } from '../../plan/left-behind.ts';
import type { Between } from '../../situation.ts';

/** Objects that Sluice made are there, and no release under way accounts for them. */
export const leftBehind: Rule<Between> = { name: 'left-behind', decide: removeLeftBehind };
