import { describe, expect, it } from 'vitest';
import { add, failedTests, formatTally, repeatedTests, skippedTests, tallyReport } from './tally.ts';

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
    '/a/b.test.ts > a step passes: AssertionError: 1 is not 2',
    '/a/c.test.ts: SyntaxError',
  ]);
  expect(failedTests(undefined)).toEqual([]);
});

it('shows the begin and the end of a long reason, where what was expected stands', () => {
  const log = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');
  const failureMessages = [`AssertionError: ${log}: expected 1 to be 2\n    at a.ts:3\n    at b.ts:4`];
  const results = [{ name: 'a', assertionResults: [{ status: 'failed', fullName: 'b', failureMessages }] }];
  const [told = ''] = failedTests({ testResults: results });
  expect(told.split('\n').map((line) => line.trim())).toEqual([
    'a > b: AssertionError: line 0',
    'line 1',
    '…',
    ...['line 34', 'line 35', 'line 36', 'line 37', 'line 38'],
    'line 39: expected 1 to be 2',
  ]);
});

it('names every test that passed only when it was run again', () => {
  const failureMessages = ['Error: port in use\n    at x'];
  const again = { status: 'passed', fullName: 'a demo', failureMessages };
  const results = [
    { name: '/a.test.ts', assertionResults: [{ status: 'passed', failureMessages: [] }, again] },
  ];
  expect(repeatedTests({ testResults: results })).toEqual(['/a.test.ts > a demo: Error: port in use']);
  expect(failedTests({ testResults: results })).toEqual([]);
});

it('adds up and prints the line that ends a run', () => {
  expect(formatTally(add({ passed: 1, failed: 2 }, { passed: 10, failed: 0 }))).toBe('11 passed, 2 failed');
});
