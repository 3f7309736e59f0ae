/** One thing wrong with an input: where, what it was, and what to do about it. */
export interface Issue {
  /** path of the field, e.g. `spec.steps[1].weight` or `metadata.annotations[sluice.dev/steps]` */
  path: string;
  /** the value found, shortened for display; absent if the field was missing */
  value?: string;
  /** what is wrong, one sentence without the path */
  message: string;
  /** what to write instead, one sentence */
  remedy: string;
}

export type Result<T> = { ok: true; value: T } | { ok: false; issues: Issue[] };

export const ok = <T>(value: T): Result<T> => ({ ok: true, value });
export const fail = <T = never>(...issues: Issue[]): Result<T> => ({ ok: false, issues });

/** "spec.steps[1].weight: 250 is above 100; give a whole number from 0 to 100" */
export function formatIssue(issue: Issue): string {
  const value = issue.value === undefined ? '' : `${issue.value} `;
  return `${issue.path}: ${value}${issue.message}; ${issue.remedy}`;
}
