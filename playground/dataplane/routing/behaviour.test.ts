import { describe, expect, it } from 'vitest';
import { behaviourOf } from './behaviour.ts';

describe('the behaviour of a pod', () => {
  it.each([
    { image: 'shop:v1', want: { version: 'v1', errorRate: 0 } },
    { image: 'registry.example:5000/shop:v2_error-0.05', want: { version: 'v2', errorRate: 0.05 } },
    { image: 'shop:v3_p50-20_p99-80_start-3', want: { p50Ms: 20, p99Ms: 80, startMs: 3000 } },
    { image: 'shop:v4_crash-2.5', want: { crashAfterMs: 2500 } },
    { image: 'shop', want: { version: 'latest' } },
  ])('is read from the tag of $image', ({ image, want }) => {
    expect(behaviourOf({ image, env: {} })).toMatchObject(want);
  });

  it('is read from env, which wins over the tag', () => {
    const env = { ERROR_RATE: '0.2', VERSION: 'blue', LATENCY_P50_MS: '1', CRASH_AFTER_SECONDS: '0' };
    const want = { version: 'blue', errorRate: 0.2, p50Ms: 1, crashAfterMs: 0 };
    expect(behaviourOf({ image: 'shop:v1_error-0.1', env })).toMatchObject(want);
  });

  it.each([
    {
      container: { image: 'shop:v1_eror-0.1', env: {} },
      want: /image shop:v1_eror-0.1: "eror-0.1".*error, p50/,
    },
    {
      container: { image: 'shop:v1_error-5', env: {} },
      want: /error "5" is out of range; give a number from 0 to 1/,
    },
    {
      container: { image: 'shop:v1', env: { START_SECONDS: 'soon' } },
      want: /env START_SECONDS: start "soon"/,
    },
    { container: { image: 'shop:v1', env: { ERROR_RATE: '' } }, want: /env ERROR_RATE/ },
  ])('is refused with field, value and remedy: $container', ({ container, want }) => {
    expect(() => behaviourOf(container)).toThrow(want);
  });
});
