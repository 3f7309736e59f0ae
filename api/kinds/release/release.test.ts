import { describe, expect, it } from 'vitest';
import { aRelease, aStatus } from '../../../test/support/release.ts';
import { formatIssue } from '../../../lib/result.ts';
import { parseRelease } from './release.ts';

describe('parseRelease', () => {
  it('hands a whole Release back as it is, fields unknown to this version included', () => {
    const release = { ...aRelease({ status: aStatus({ phase: 'Progressing' }) }), extra: { kept: true } };
    expect(parseRelease(release)).toEqual({ ok: true, value: release });
  });

  it('reads an empty status as none', () => {
    const fresh = aRelease({});
    expect(parseRelease({ ...fresh, status: {} })).toEqual({ ok: true, value: fresh });
  });

  it('reads a missing observedWeight as unknown', () => {
    const status: Partial<ReturnType<typeof aStatus>> = aStatus({});
    delete status.observedWeight;
    const parsed = parseRelease({ ...aRelease({}), status });
    expect(parsed).toMatchObject({ ok: true, value: { status: { observedWeight: null } } });
  });

  it('keeps what a verdict says of promoting without proof', () => {
    const verdict = { result: 'inconclusive', reason: 'MoreDataNeeded', sentence: 'x', numbers: {} } as const;
    const release = aRelease({ status: aStatus({ verdict: { ...verdict, tolerable: true } }) });
    const parsed = parseRelease(release);
    expect(parsed).toMatchObject({ ok: true, value: { status: { verdict: { tolerable: true } } } });
  });

  it.each([
    {
      name: 'a phase of a later version',
      change: { phase: 'Baking' },
      want: 'status.phase: "Baking" is not known',
    },
    {
      name: 'a text as a step',
      change: { step: '1' },
      want: 'status.step: "1" is a string, not a whole number',
    },
    { name: 'a broken time', change: { startedAt: 'soon' }, want: 'status.startedAt: "soon"' },
    {
      name: 'statistics of a later layout',
      change: { analysis: { version: 2, step: 0, gaps: 0, metrics: {}, verdicts: [] } },
      want: 'status.analysis.version: 2',
    },
    {
      name: 'a verdict whose tolerable is no boolean',
      change: { verdict: { result: 'pass', reason: 'X', sentence: 'x', numbers: {}, tolerable: 'yes' } },
      want: 'status.verdict.tolerable: "yes" is a string, not true or false',
    },
    {
      name: 'a decision without a sentence',
      change: { decisions: [{ time: '2026-01-01T00:00:00Z', reason: 'X' }] },
      want: 'status.decisions[0].sentence: is missing',
    },
  ])('refuses $name', ({ change, want }) => {
    const parsed = parseRelease({ ...aRelease({}), status: { ...aStatus({}), ...change } });
    expect(parsed.ok).toBe(false);
    expect(parsed.ok ? '' : parsed.issues.map(formatIssue).join('\n')).toContain(want);
  });

  it('refuses a record without the stable template', () => {
    const release = aRelease({});
    const parsed = parseRelease({ ...release, spec: { ...release.spec, stable: { replicaSet: 'web-1' } } });
    expect(parsed).toMatchObject({
      ok: false,
      issues: [{ path: 'spec.stable.template', message: 'is missing' }],
    });
  });
});
