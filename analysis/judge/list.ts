/** Every kind of metric, under its name: its folder, and a line here. */
export { errorRate } from './error-rate/index.ts';
export { latency } from './latency/index.ts';
export { series } from './series/index.ts';
export { threshold } from './threshold/index.ts';
