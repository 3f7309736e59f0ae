import { describe, expect, it } from 'vitest';
import type { MetricVerdict } from '../../api/kinds/release/verdict.ts';
import type { ReleaseStatus } from '../../api/kinds/release/status.ts';
import { Screen, stepLine, viewOf } from './screen.ts';

function screenOf(terminal: boolean, columns = Infinity): { screen: Screen; shown: () => string } {
  let text = '';
  const screen = new Screen({
    print: (line) => (text += `${line}\n`),
    write: (raw) => (text += raw),
    columns: () => columns,
    terminal,
    color: terminal,
  });
  return { screen, shown: () => text };
}

const NUMBERS = {
  stepCanaryErrors: 3,
  stepCanaryRequests: 340,
  stepStableErrors: 34,
  stepStableRequests: 6254,
  evidence: 1.618,
  bar: 20,
  safeEvidence: 123_456,
  safeBar: 10,
};

function status(more: Partial<ReleaseStatus>, verdict?: Partial<MetricVerdict>): ReleaseStatus {
  const base = { metric: 'error-rate', critical: true, dryRun: false, sentence: '', numbers: NUMBERS };
  const verdicts =
    verdict === undefined ? [] : [{ ...base, result: 'pass', reason: 'SafeProven', ...verdict }];
  return {
    step: 0,
    steps: 3,
    weight: 5,
    observedWeight: 5,
    reason: 'Settling',
    analysis: { verdicts },
    ...more,
  } as unknown as ReleaseStatus;
}

describe('the line of a step', () => {
  it.each([
    { given: status({}), want: '  step 1/3   5% wanted  5% observed  Settling' },
    { given: status({ observedWeight: null }), want: '  step 1/3   5% wanted   ? observed  Settling' },
    {
      given: status({}, {}),
      want:
        '  step 1/3   5% wanted  5% observed  errors  3/340 canary 34/6254 stable  ' +
        'E harm 1.62/20 safe 1e+5/10  pass',
    },
    {
      given: status({ weight: 0, mirror: 100, observedWeight: 0 }),
      want: '  step 1/3  copies 100% wanted  0% observed  Settling',
    },
    {
      given: status({ weight: 0, matching: true, observedWeight: 0, observedMatching: true }),
      want: '  step 1/3  0% + match wanted 0% + match observed  Settling',
    },
    {
      given: status({ weight: 25 }, { result: 'inconclusive', reason: 'NoData', numbers: {} }),
      want:
        '  step 1/3  25% wanted  5% observed  errors    0/0 canary     0/0 stable  ' +
        'E harm     –/– safe     –/–  inconclusive (NoData)',
    },
  ])('reads $want', ({ given, want }) => {
    expect(stepLine(viewOf(given), screenOf(false).screen)).toBe(want);
  });
});

describe('the line of a step on a terminal', () => {
  const big = {
    stepCanaryErrors: 34,
    stepCanaryRequests: 4310,
    stepStableErrors: 291,
    stepStableRequests: 49_431,
  };

  it.each([
    {
      columns: 80,
      given: status({}, {}),
      want: '  1/3   5% errors  3/340 vs 34/6254  E harm 1.62/20 safe 1e+5/10 pass',
    },
    {
      columns: 80,
      given: status({ weight: 25 }, { result: 'inconclusive', reason: 'MoreDataNeeded' }),
      want: '  1/3 5→25% errors  3/340 vs 34/6254  E harm 1.62/20 safe 1e+5/10 inconclusive',
    },
    {
      columns: 80,
      given: status({}, { result: 'fail', numbers: { ...NUMBERS, ...big } }),
      want: '  1/3   5% errors 34/4310 vs 291/49431  E harm 1.62/20 safe 1e+5/10 fail',
    },
    { columns: 50, given: status({}, {}), want: '  1/3   5%  E harm 1.62/20 safe 1e+5/10 pass' },
    {
      columns: 80,
      given: status({ reason: 'StepPassed' }),
      want: '  1/3   5%  next step',
    },
  ])('of $columns columns holds evidence and verdict: $want', ({ columns, given, want }) => {
    const line = stepLine(viewOf(given), screenOf(false, columns).screen);
    expect(line).toBe(want);
    expect(line.length).toBeLessThan(columns);
  });
});

describe('the screen', () => {
  it('breaks a long sentence between words, and what is to be copied never', () => {
    const { screen, shown } = screenOf(false, 20);
    screen.line('  harm is certain enough to stop');
    screen.whole('  $ kubectl -n shop set image deployment/shop');
    expect(shown()).toBe(
      '  harm is certain\n    enough to stop\n  $ kubectl -n shop set image deployment/shop\n',
    );
  });

  it('rewrites the line of a step in place on a terminal and keeps its last state', () => {
    const { screen, shown } = screenOf(true);
    screen.step('1', 'a');
    screen.step('1', 'b');
    screen.step('2', 'c');
    screen.line('end');
    expect(shown()).toBe('\r\u001b[2Ka\r\u001b[2Kb\n\r\u001b[2Kc\nend\n');
  });

  it('never lets a rewritten line wrap', () => {
    const { screen, shown } = screenOf(true, 6);
    screen.step('1', screen.paint('red', 'abcdefgh'));
    expect(shown()).toBe('\r\u001b[2Kabcd…');
  });

  it('follows each new step, but not each change of it, where there is no terminal', () => {
    const { screen, shown } = screenOf(false);
    screen.step('1', 'a');
    screen.step('1', 'b');
    screen.step('2', 'c');
    expect(screen.paint('red', 'x')).toBe('x');
    screen.step('2', 'd', true);
    expect(shown()).toBe('a\nc\nd\n');
  });
});
