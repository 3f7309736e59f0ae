import { ERROR_RATE } from './error-rate.ts';
import { LATENCY } from './latency.ts';
import { SERIES } from './series.ts';
import { THRESHOLD } from './threshold.ts';

/** The kinds of metrics: a new one is a file beside these and a line here (docs/extending/kind.md). */
export const PARTS = [ERROR_RATE, LATENCY, SERIES, THRESHOLD] as const;
