import { describe, expect, it } from 'vitest';
import { add, failedTests, formatTally, skippedTests, tallyReport } from './tally.ts';

const file = (status: string, ...tests: string[]) => ({
  status,
  assertionResults: tests.map((test) => ({ status: test })),
});
const report = (numPassedTests: number, numFailedTests: number, ...testResults: object[]) => ({
  numPassedTests,
  numFailedTests,
  testResults,
});

describe('tallyReport', () => {
  it.each([
    { name: 'all passed', report: report(2, 0, file('passed', 'passed', 'passed')), ok: true, want: [2, 0] },
    { name: 'one failed', report: report(1, 1, file('failed', 'passed', 'failed')), ok: false, want: [1, 1] },
    {
      name: 'a file that could not run',
      report: report(1, 0, file('passed', 'passed'), file('failed')),
      ok: false,
      want: [1, 1],
    },
    {
      name: 'an unhandled error after all passed',
      report: report(3, 0, file('passed', 'passed')),
      ok: false,
      want: [3, 1],
    },
    { name: 'no report', report: undefined, ok: true, want: [0, 1] },
    { name: 'no tests at all', report: report(0, 0), ok: true, want: [0, 1] },
  ])('$name → $want', ({ report: given, ok, want: [passed, failed] }) => {
    expect(tallyReport(given, ok)).toEqual({ passed, failed });
  });
});

it('names every test that was not run', () => {
  const skipped = { status: 'skipped', fullName: ' kubectl (skipped: there is none on the PATH) applies' };
  const results = [{ assertionResults: [{ status: 'passed', fullName: 'a' }, skipped] }, file('passed')];
  expect(skippedTests({ testResults: results })).toEqual([
    'kubectl (skipped: there is none on the PATH) applies',
  ]);
  expect(skippedTests(undefined)).toEqual([]);
});

it('names every test that failed with its file and why', () => {
  const failed = {
    status: 'failed',
    fullName: ' a step passes',
    failureMessages: ['AssertionError: 1 is not 2\n  at x'],
  };
  const testResults = [
    {
      name: '/a/b.test.ts',
      status: 'failed',
      assertionResults: [{ status: 'passed', fullName: 'fine' }, failed],
    },
    { name: '/a/c.test.ts', status: 'failed', message: 'SyntaxError', assertionResults: [] },
    { name: '/a/d.test.ts', ...file('passed', 'passed') },
  ];
  expect(failedTests({ testResults })).toEqual([
    '/a/b.test.ts > a step passes: AssertionError: 1 is not 2\n      at x',
    '/a/c.test.ts: SyntaxError',
  ]);
  expect(failedTests(undefined)).toEqual([]);
});

it('adds up and prints the line that ends a run', () => {
  expect(formatTally(add({ passed: 1, failed: 2 }, { passed: 10, failed: 0 }))).toBe('11 passed, 2 failed');
});
