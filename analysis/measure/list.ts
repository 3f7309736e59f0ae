/** Every source of numbers: its folder, and a line here. */
export { prometheus } from './prometheus/index.ts';
export { http } from './http/index.ts';
