import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policies, templates } from '../../test/support/arbitraries.ts';
import { formatIssue, type Issue, type Result } from '../../lib/result.ts';
import { parseAnnotations } from '../annotations.ts';
import { parsePolicy } from './policy/policy.ts';
import { parseRelease } from './release/release.ts';
import { serializePolicy } from './policy/policy.ts';
import { serializeTemplate } from './template/template.ts';
import { parseTemplate } from './template/template.ts';

/** JSON that looks like the real thing: known names with any values, at any depth. */
const names = fc.constantFrom(
  ...[
    'steps',
    'weight',
    'minDuration',
    'maxDuration',
    'pause',
    'analysis',
    'template',
    'args',
    'provider',
    'metrics',
  ],
  ...[
    'errorRate',
    'threshold',
    'preset',
    'bad',
    'total',
    'canary',
    'margin',
    'harm',
    'risk',
    'name',
    'interval',
  ],
  ...['latency', 'buckets', 'quantiles', 'series', 'query', 'effect', 'measure', 'groups', 'test', 'method'],
  ...['looks', 'horizon', 'scoring', 'pass', 'marginal', 'weight', 'ceiling', 'counting', 'nan'],
  ...[
    'metadata',
    'spec',
    'status',
    'target',
    'phase',
    'conditions',
    'decisions',
    'traffic',
    '__proto__',
    'toString',
  ],
  ...['sluice.dev/policy', 'sluice.dev/steps', 'sluice.dev/route', 'sluice.dev/stpes'],
);
const { value: lookalike } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(fc.jsonValue(), fc.constantFrom('5@2m,pause', '2m', 'auto', 5, -1, 1e300, true, null, '')),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(names, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));

function everyIssueHelps(issues: Issue[]): void {
  expect(issues.length).toBeGreaterThan(0);
  for (const issue of issues) {
    expect(issue.message).not.toBe('');
    expect(issue.remedy).not.toBe('');
    expect(issue.path).not.toBe('');
    expect(formatIssue(issue).length).toBeLessThan(2000);
  }
}

const parsers: { name: string; parse: (input: unknown) => Result<unknown> }[] = [
  { name: 'parsePolicy', parse: (input) => parsePolicy(input) },
  { name: 'parseTemplate', parse: (input) => parseTemplate(input) },
  { name: 'parseRelease', parse: (input) => parseRelease(input) },
  { name: 'parseAnnotations', parse: (input) => parseAnnotations(input) },
];

describe.each(parsers)('$name', ({ parse }) => {
  it('never throws on any JSON, changes nothing, and says of every issue where, what and what to do', () => {
    fc.assert(
      fc.property(fc.oneof(lookalike, fc.jsonValue()), (input) => {
        const before = JSON.stringify(input);
        const result = parse(input);
        if (!result.ok) everyIssueHelps(result.issues);
        expect(JSON.stringify(input)).toBe(before);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('serialize', () => {
  it('writes a policy that parses back to the same policy', () => {
    fc.assert(
      fc.property(policies, (policy) => {
        expect(parsePolicy(JSON.parse(JSON.stringify(serializePolicy(policy))))).toEqual({
          ok: true,
          value: policy,
        });
      }),
    );
  });

  it('writes a template that parses back to the same template', () => {
    fc.assert(
      fc.property(templates, (template) => {
        const wire: unknown = JSON.parse(JSON.stringify(serializeTemplate(template)));
        expect(parseTemplate(wire)).toEqual({ ok: true, value: template });
      }),
    );
  });
});
