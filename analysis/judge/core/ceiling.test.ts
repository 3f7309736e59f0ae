import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { Measurement } from '../../../api/analysis.ts';
import { startStep } from './judge.ts';
import {
  boundTo,
  errorRate,
  judgeAll,
  missing,
  rates,
  results,
  times,
  windowAt,
} from '../../../test/support/judge-objects.ts';

const capped = (change = {}) => errorRate({ ceiling: 0.02, ...change });
const windows = (text: string, n: number): Measurement[][] => times(n, (i) => [rates(text, i)]);
const evidence = ({ verdicts }: { verdicts: { numbers: Record<string, number> }[] }) =>
  verdicts.at(-1)?.numbers['ceilingEvidence'];

describe('a ceiling', () => {
  test('stops a canary that is no worse than stable', () => {
    const { verdicts } = judgeAll([capped()], windows('9/150 171/2850', 8));
    expect(results(verdicts)).toMatch(/^i+f+$/);
    const failed = verdicts.find(({ result }) => result === 'fail')!;
    expect(failed.reason).toBe('CeilingExceeded');
    expect(failed.sentence).toMatch(
      /^canary 6% errors \(\d+\/\d+\) against 6% \(\d+\/\d+\): above the ceiling of 2%, whatever stable does \(evidence \d+ against a bar of 200\)$/,
    );
    expect(failed.numbers).toMatchObject({ ceiling: 0.02, ceilingBar: 200 });
  });

  test('needs no stable requests', () => {
    const { verdicts, state } = judgeAll([capped()], windows('9/150 0/0', 10));
    expect(results(verdicts)).toMatch(/^i+f+$/);
    expect(verdicts.at(-1)?.reason).toBe('CeilingExceeded');
    expect(verdicts[0]?.reason).toBe('NoData');
    expect(state.gaps).toBe(10);
  });

  test('leaves a canary below it alone, and shows its evidence', () => {
    const { verdicts } = judgeAll([capped()], windows('1.5/150 28.5/2850', 80));
    expect(results(verdicts)).toMatch(/^i+p+$/);
    expect(evidence({ verdicts })).toBeLessThan(1);
    expect(judgeAll([errorRate()], windows('1/150 28/2850', 1)).verdicts[0]?.numbers).not.toHaveProperty(
      'ceiling',
    );
  });

  test('withholds the pass while the rate as seen is above it', () => {
    const { verdicts } = judgeAll([capped()], windows('3.15/150 114/2850', 60));
    expect(results(verdicts)).not.toContain('p');
    const proven = verdicts.find(({ sentence }) => sentence.includes('safely within'))!;
    expect(proven.sentence).toMatch(/; but the canary's 2\.1% is above the ceiling of 2%$/);
    expect(proven.reason).toBe('MoreDataNeeded');
    expect(verdicts.some(({ tolerable }) => tolerable)).toBe(false);
  });

  test('is kept through the steps', () => {
    const first = judgeAll([capped()], windows('5/150 95/2850', 3));
    const template = boundTo([capped()]);
    const second = judgeAll([capped()], windows('5/150 95/2850', 3), startStep(first.state, 1, [template]));
    expect(evidence(second)).toBe(evidence(judgeAll([capped()], windows('5/150 95/2850', 6))));
  });

  test('holds for a test at planned looks as well', () => {
    const test = { method: 'fisher', looks: 1, horizonMs: 3_600_000 } as const;
    const { verdicts } = judgeAll([capped({ test })], windows('9/150 171/2850', 8));
    expect(verdicts.at(-1)).toMatchObject({ result: 'fail', reason: 'CeilingExceeded' });
  });

  test('of a metric that is not critical withholds the pass only', () => {
    const { verdicts } = judgeAll([capped({ critical: false })], windows('9/150 171/2850', 8));
    expect(results(verdicts)).toBe('i'.repeat(8));
    expect(verdicts.at(-1)?.reason).toBe('PassWithheld');
  });

  test('never counts a window without data', () => {
    const before = judgeAll([capped()], windows('5/150 95/2850', 3)).state;
    const after = judgeAll([capped()], [[missing('timeout')], [rates('0/0 5/100', 0)]], before);
    expect(after.state.metrics['errors']?.data['ceiling']).toEqual(before.metrics['errors']?.data['ceiling']);
  });

  test('evidence from before the dispersion was known is carried over', () => {
    const before = judgeAll([capped()], windows('5/150 0/0', 3));
    const pods = (bad: (pod: number, i: number) => number) =>
      Object.fromEntries(
        times(6, (pod) => [`web-${pod}`, times(240, (i) => ({ total: 100, bad: bad(pod, i) }))]),
      );
    const history = {
      stable: times(240, () => ({ total: 600, bad: 20 })),
      pods: pods((pod, i) => ((pod + i) % 6 === 0 ? 20 : 0)),
    };
    const measured: Measurement = {
      metric: 'errors',
      window: windowAt(3),
      outcome: 'ok',
      kind: 'counts',
      canary: { total: 150, bad: 5 },
      stable: { total: 600, bad: 20 },
      pods: {
        canary: { c: { total: 150, bad: 5 } },
        stable: Object.fromEntries(times(6, (pod) => [`web-${pod}`, { total: 100, bad: 3 }])),
      },
      history,
    };
    const after = judgeAll([capped()], [[measured]], before.state);
    const data = after.state.metrics['errors']!.data as {
      calibration: { kind: string };
      ceiling: { wealth: number[][]; windows: number };
    };
    expect(data.calibration.kind).toBe('placebo');
    expect(data.ceiling.windows).toBe(4);
    const fresh = judgeAll([capped()], [[measured]]);
    expect(evidence(after)).not.toBe(evidence(fresh));
    expect(after.verdicts[0]?.sentence).not.toMatch(/NaN|undefined/);
  });

  test('survives a restart byte for byte, and broken evidence never passes', () => {
    const all = windows('3/150 57/2850', 8);
    const half = judgeAll([capped()], all.slice(0, 5));
    const restored = JSON.parse(JSON.stringify(half.state)) as AnalysisState;
    const rest = judgeAll([capped()], all.slice(5), restored);
    expect(JSON.stringify(rest.state)).toBe(JSON.stringify(judgeAll([capped()], all).state));
    expect(JSON.stringify(rest.state.metrics).length).toBeLessThan(4096);
    fc.assert(
      fc.property(fc.jsonValue(), (ceiling) => {
        const metric = half.state.metrics['errors']!;
        const broken = {
          ...half.state,
          metrics: { errors: { ...metric, data: { ...metric.data, ceiling } } },
        };
        const after = judgeAll([capped()], [all[0]!], broken);
        expect(after.verdicts[0]?.result).toBe('inconclusive');
        expect(after.verdicts[0]?.sentence).not.toMatch(/NaN|undefined|Infinity/);
      }),
    );
  });
});
