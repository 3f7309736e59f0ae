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
 * Counts of a vitest JSON report. A file that could not run at all counts as one failure, and so does a run without
 * a usable report, one without any test, or one that failed for a reason that no test shows (an unhandled error).
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

/** Names of the tests that were not run; a test that is skipped gives the reason in its name. */
export function skippedTests(report: unknown): string[] {
  return getObjects(report, 'testResults')
    .flatMap((file) => getObjects(file, 'assertionResults'))
    .filter((test) => ['skipped', 'pending', 'todo'].includes(getString(test, 'status') ?? ''))
    .map((test) => getString(test, 'fullName')?.trim() ?? 'a test without a name');
}

/** The tests that failed, each with its file and the first line of why. */
export function failedTests(report: unknown): string[] {
  return getObjects(report, 'testResults').flatMap((file) => {
    const name = getString(file, 'name') ?? 'a file without a name';
    const failed = getObjects(file, 'assertionResults').filter(
      (test) => getString(test, 'status') === 'failed',
    );
    if (failed.length === 0) return isBroken(file) ? [`${name}: ${why(getString(file, 'message'))}`] : [];
    return failed.map((test) => {
      const [message] = arrayOrEmpty(test, 'failureMessages');
      return `${name} > ${getString(test, 'fullName')?.trim() ?? 'a test without a name'}: ${why(message)}`;
    });
  });
}

const why = (message: unknown): string =>
  (asString(message) ?? '').split('\n').slice(0, 6).join('\n    ') || 'no reason was given';

/** The line that ends a run. */
export function formatTally(tally: Tally): string {
  return `${tally.passed} passed, ${tally.failed} failed`;
}
