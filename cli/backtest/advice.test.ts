import { describe, expect, it } from 'vitest';
import type { Plant } from '../../analysis/replay/plant.ts';
import { summarize } from '../../analysis/replay/summary.ts';
import type { Outcome } from '../../analysis/replay/trial.ts';
import { adviceFor, minutes, percent } from './advice.ts';
import { plot } from './plot.ts';
import { jsonReport, textReport } from './report.ts';
import type { BacktestResult } from './result.ts';
import type { Scenario } from './scenarios.ts';

const NONE: Plant = { kind: 'none' };
const DOUBLE: Plant = { kind: 'errorFactor', factor: 2 };

/** Each part, like [90, 'promoted', 8], is a number of outcomes, their end and their minute. */
function scenario(name: string, plant: Plant, ...parts: [number, Outcome['end'], number][]): Scenario {
  const outcomes = parts.flatMap(([count, end, at]) =>
    Array.from({ length: count }, () => ({
      end,
      minutes: at,
      pods: 8,
      numbers: { calibration: 2, dispersion: 1.5 },
    })),
  );
  return { name, plant, outcomes, summary: summarize(outcomes) };
}

const HEALTHY = scenario('nothing (A/A)', NONE, [200, 'promoted', 8]);
const FOUND = scenario('errors ×2', DOUBLE, [200, 'rolledBack', 4]);

function result(change: Partial<BacktestResult> = {}): BacktestResult {
  return {
    target: 'shop/<checkout>',
    template: 'checkout',
    fromMs: 0,
    toMs: 86_400_000,
    seed: 1,
    steps: [5, 25, 50],
    risk: { harm: 0.05, safe: 0.1 },
    traffic: { requestsPerMinute: 1000, errorRate: 0.0123 },
    pods: 8,
    independent: 23,
    scenarios: [HEALTHY, FOUND],
    caveats: [],
    notes: [],
    ...change,
  };
}

describe('advice', () => {
  it('has nothing to complain about a good template', () => {
    expect(adviceFor(result())).toEqual([
      'Of 200 healthy releases 0 were rolled back (0%, between 0% and 1.9% with 95% confidence): within the promised 5%.',
      'A healthy release takes 8 minutes through the steps 5%, 25%, 50% (median), and 100% are promoted within the hour.',
      'Errors ×2: found in 4 minutes on average, in 100% of the releases.',
    ]);
  });

  it.each<{ given: string; change: Partial<BacktestResult>; want: string }>([
    {
      given: 'too many false alarms',
      change: { scenarios: [scenario('a', NONE, [160, 'promoted', 8], [40, 'rolledBack', 8])] },
      want: 'more than the promised 5%. Pods of this service differ or err in long bursts',
    },
    {
      given: 'too few runs to tell',
      change: { scenarios: [scenario('a', NONE, [10, 'promoted', 8])] },
      want: 'compatible with the promised 5%; more --runs over a longer range narrow it.',
    },
    {
      given: 'no traffic to speak of',
      change: { scenarios: [scenario('a', NONE, [200, 'undecided', 60])] },
      want: 'No healthy release was promoted within the hour through the steps 5%, 25%, 50%: too little traffic',
    },
    {
      given: 'a regression that is never found',
      change: { scenarios: [HEALTHY, scenario('errors ×2', DOUBLE, [200, 'undecided', 60])] },
      want: 'Not reliably found: errors ×2. Such releases mostly stay undecided; a larger first weight',
    },
    {
      given: 'a regression that passes',
      change: { scenarios: [HEALTHY, scenario('errors ×2', DOUBLE, [200, 'promoted', 20])] },
      want: 'Errors ×2: never found within the hour; 100% are promoted.',
    },
    {
      given: 'a regression that is mostly found, and else passes',
      change: {
        scenarios: [
          HEALTHY,
          scenario('errors ×2', DOUBLE, [170, 'rolledBack', 9], [20, 'promoted', 20], [10, 'undecided', 60]),
        ],
      },
      want: 'Not reliably found: errors ×2. Where that matters, use smaller margins',
    },
    { given: 'no pods', change: { pods: 0 }, want: 'the false-alarm rate above is optimistic' },
    {
      given: 'a short range',
      change: { independent: 3 },
      want: 'holds only 3 different hours, so 200 runs repeat them',
    },
  ])('on $given', ({ change, want }) => {
    expect(adviceFor(result(change)).join('\n')).toContain(want);
  });

  it('on weak calibration', () => {
    const weak = HEALTHY.outcomes.map((outcome) => ({ ...outcome, numbers: { calibration: 1 } }));
    const advice = adviceFor(result({ scenarios: [{ ...HEALTHY, outcomes: weak }] }));
    expect(advice.at(-1)).toBe(
      'Calibration is weak (8 pods to learn from); more pods or a longer history make it strong.',
    );
  });
});

it.each([
  { value: 0.00123, want: '0.12%' },
  { value: 0.985, want: '98.5%' },
  { value: 1, want: '100%' },
  { value: 0, want: '0%' },
])('$value is $want', ({ value, want }) => {
  expect(percent(value)).toBe(want);
});

it('minutes have a decimal while that matters', () => {
  expect([0.25, 9.96, 35.4].map(minutes)).toEqual(['0.3', '10', '35']);
});

describe('reports', () => {
  it('for people show the traffic, the table and the advice', () => {
    const lines = textReport(result({ caveats: ['Left out.'] }), (_colour, text) => text);
    expect(lines[1]).toBe(
      '1000 requests a minute, 1.2% of them errors; a canary gets 50 of them at 5%; 8 pods; calibration 2 of 2, dispersion 1.5',
    );
    expect(lines[5]).toMatch(/^errors ×2 +100% \[98\.1%, 100%\] +4 \(median 4\) +0% +- +0% +\u0020█{29}$/);
    expect(lines).toContain('- Left out.');
  });

  it('for machines are one JSON object', () => {
    const parsed = JSON.parse(jsonReport(result())) as {
      scenarios: { byMinute: { rolledBack: number[] } }[];
    };
    expect(parsed).toMatchObject({
      from: '1970-01-01T00:00:00.000Z',
      scenarios: [{ runs: 200 }, { toRollback: { mean: 4 } }],
    });
    expect(parsed.scenarios[1]?.byMinute.rolledBack.slice(2, 5)).toEqual([0, 1, 1]);
  });

  it('as pictures rise where releases end, and escape names', () => {
    const svg = plot(result());
    expect(svg).toContain('shop/&lt;checkout>');
    // 4 of 60 minutes of 580 pixels
    expect(svg).toContain('<path d="M60 370H98.7V50H640"');
  });
});
