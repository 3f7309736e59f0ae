import type { Rule } from '../../model.ts';
import { removeLeftBehind } from '../../plan/left-behind.ts';
import type { Between } from '../../situation.ts';

/** Objects that Sluice made exist, and no running release accounts for them. */
export const leftBehind: Rule<Between> = { name: 'left-behind', decide: removeLeftBehind };
