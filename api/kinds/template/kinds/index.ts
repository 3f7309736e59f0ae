/** The kinds of metrics: a new one is a file beside these and a line here (docs/extending/metric-kind.md). */
export { ERROR_RATE } from './error-rate.ts';
export { LATENCY } from './latency.ts';
export { SERIES } from './series.ts';
export { THRESHOLD } from './threshold.ts';
