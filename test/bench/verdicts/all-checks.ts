import { BIMODAL_CHECKS } from './bimodal.ts';
import type { Check } from './checks.ts';
import { COST_CHECKS } from './cost.ts';
import { ERROR_CHECKS } from './error-checks.ts';
import { FEW_CHECKS } from './few-pods.ts';
import { LATE_CHECKS } from './late.ts';
import { LATENCY_CHECKS } from './latency-groups.ts';
import { ONE_OF_CHECKS } from './one-of.ts';
import { QUIET_CHECKS } from './quiet.ts';
import { SEVERAL_CHECKS } from './several.ts';
import { SICK_CHECKS } from './sick.ts';
import { SLOW_START_CHECKS } from './slow-start.ts';
import { STICKY_CHECKS } from './sticky.ts';

/** Every bar. */
export const CHECKS: readonly Check[] = [
  ...ERROR_CHECKS,
  ...LATE_CHECKS,
  ...ONE_OF_CHECKS,
  ...SICK_CHECKS,
  ...FEW_CHECKS,
  ...SLOW_START_CHECKS,
  ...STICKY_CHECKS,
  ...QUIET_CHECKS,
  ...SEVERAL_CHECKS,
  ...LATENCY_CHECKS,
  ...BIMODAL_CHECKS,
  ...COST_CHECKS,
];
