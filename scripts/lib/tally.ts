import { arrayOrEmpty, asString, getArray, getNumber, getObjects, getString } from '../../lib/json.ts';

export interface Tally {
  passed: number;
  failed: number;
}

export const NOTHING: Tally = { passed: 0, failed: 0 };

export function add(a: Tally, b: Tally): Tally {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

/**
 * The counts of a vitest JSON report. A file that could not run counts as one failure. So does a run without
 * a usable report, without tests, or with a failure that no test shows (an unhandled error).
 */
export function tallyReport(report: unknown, succeeded: boolean): Tally {
  const passed = getNumber(report, 'numPassedTests');
  const failed = getNumber(report, 'numFailedTests');
  if (passed === undefined || failed === undefined) return { passed: 0, failed: 1 };
  const broken = getObjects(report, 'testResults').filter(isBroken).length;
  const total = failed + broken;
  const sound = succeeded && passed > 0;
  return { passed, failed: sound || total > 0 ? total : 1 };
}

function isBroken(file: unknown): boolean {
  const failures = getObjects(file, 'assertionResults').filter(
    (test) => getString(test, 'status') === 'failed',
  );
  return (
    getString(file, 'status') === 'failed' &&
    failures.length === 0 &&
    getArray(file, 'assertionResults') !== undefined
  );
}

/** Names of the tests that were not run; a skipped test has the reason in its name. */
export function skippedTests(report: unknown): string[] {
  return getObjects(report, 'testResults')
    .flatMap((file) => getObjects(file, 'assertionResults'))
    .filter((test) => ['skipped', 'pending', 'todo'].includes(getString(test, 'status') ?? ''))
    .map((test) => getString(test, 'fullName')?.trim() ?? 'a test without a name');
}

/** The tests that failed, each with its file and why. */
export function failedTests(report: unknown): string[] {
  return getObjects(report, 'testResults').flatMap((file) => {
    const failed = told(file, (test) => getString(test, 'status') === 'failed');
    return failed.length === 0 && isBroken(file)
      ? [`${nameOf(file)}: ${why(getString(file, 'message'))}`]
      : failed;
  });
}

/**
 * The tests that passed only in a later try (`retry` of vitest.config.ts), each with its file and why it
 * failed before.
 */
export function repeatedTests(report: unknown): string[] {
  const repeated = (test: unknown) =>
    getString(test, 'status') === 'passed' && arrayOrEmpty(test, 'failureMessages').length > 0;
  return getObjects(report, 'testResults').flatMap((file) => told(file, repeated));
}

const nameOf = (file: unknown): string => getString(file, 'name') ?? 'a file without a name';

function told(file: unknown, wanted: (test: unknown) => boolean): string[] {
  return getObjects(file, 'assertionResults')
    .filter(wanted)
    .map((test) => {
      const name = getString(test, 'fullName')?.trim() ?? 'a test without a name';
      return `${nameOf(file)} > ${name}: ${why(arrayOrEmpty(test, 'failureMessages')[0])}`;
    });
}

/**
 * The number of lines of a message that are shown. A message may begin with the whole log of a program; the
 * expectation is at its end.
 */
const HEAD = 2;
const TAIL = 6;

function why(message: unknown): string {
  const [text = ''] = (asString(message) ?? 'no reason was given').split(/\n(?= +at )/);
  const lines = text.split('\n');
  const shown = lines.length <= HEAD + TAIL ? lines : [...lines.slice(0, HEAD), '…', ...lines.slice(-TAIL)];
  return shown.join('\n    ');
}

/** The line that ends a run. */
export function formatTally(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed`;
}
