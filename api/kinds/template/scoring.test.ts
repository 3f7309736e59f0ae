import { describe, expect, it } from 'vitest';
import { formatIssue } from '../../../lib/result.ts';
import { parseTemplate } from './template.ts';

const series = (name: string, groups: string[], beside: object = {}) => ({
  name,
  series: { query: 'q', groups },
  ...beside,
});
const parse = (scoring: object, ...metrics: object[]) => {
  const result = parseTemplate({ scoring, metrics });
  return result.ok ? result.value.scoring : result.issues.map(formatIssue);
};
const [pass, marginal] = [95, 75];

describe('scoring', () => {
  it('reads both marks and the weights of groups', () => {
    expect(parse({ pass, marginal }, series('a', ['cpu']))).toEqual({ pass, marginal, groups: {} });
    const groups = { cpu: 60, 'the rest': 40 };
    expect(parse({ pass, marginal, groups }, series('a', ['cpu', 'the rest']))).toEqual({
      pass,
      marginal,
      groups,
    });
  });

  it('takes weights that add up to 100 only by their decimals', () => {
    const groups = { a: 33.3, b: 33.3, c: 33.4 };
    expect(parse({ pass: 100, marginal: 0, groups }, series('m', ['a', 'b', 'c']))).toMatchObject({ groups });
  });

  it('lets groups without a weight share what the others leave', () => {
    const groups = { a: 30 };
    expect(parse({ pass, marginal, groups }, series('m', ['a', 'b']))).toMatchObject({ groups });
  });

  it('takes series of any method for one group where none names any', () => {
    const plain = { name: 'b', series: { query: 'q' }, test: { method: 'welch' } };
    for (const groups of [{}, { all: 100 }]) {
      expect(parse({ pass, marginal, groups }, series('a', []), plain)).toMatchObject({ groups });
    }
  });

  it('lets a dry run do without groups', () => {
    const muted = (groups: string[]) => series('b', groups, { dryRun: true });
    expect(parse({ pass, marginal }, series('a', ['cpu']), muted([]))).toMatchObject({ pass });
    const groups = { all: 100 };
    expect(parse({ pass, marginal, groups }, series('a', []), muted(['io']))).toMatchObject({ groups });
  });

  it.each([
    {
      name: 'a missing mark',
      scoring: { pass },
      metrics: [series('a', ['cpu'])],
      want: 'spec.scoring.marginal: is missing; give the lowest score that does not fail, like 75',
    },
    {
      name: 'a marginal score above the passing one',
      scoring: { pass: 50, marginal: 75 },
      metrics: [series('a', ['cpu'])],
      want: 'spec.scoring.marginal: 75 is above pass; give at most 50',
    },
    {
      name: 'weights above 100',
      scoring: { pass, marginal, groups: { cpu: 60, io: 60 } },
      metrics: [series('a', ['cpu', 'io'])],
      want: 'spec.scoring.groups: 120 is the sum of the weights; keep it at or below 100',
    },
    {
      name: 'a weight that is no number',
      scoring: { pass, marginal, groups: { cpu: '60' } },
      metrics: [series('a', ['cpu'])],
      want: 'spec.scoring.groups.cpu: "60" is a string; give a number from 0 to 100, without quotes',
    },
    {
      name: 'a group that no metric names',
      scoring: { pass: 50, marginal: 40, groups: { 'CPU time': 40 } },
      metrics: [series('a', ['cpu'])],
      want: 'spec.scoring.groups["CPU time"]: "CPU time" is not a group of any series metric; name one of cpu, or remove it',
    },
    {
      name: 'weights that can never add up to a pass',
      scoring: { pass, marginal, groups: { cpu: 60 } },
      metrics: [series('a', ['cpu'])],
      want: 'spec.scoring.groups: 60 is the highest score the groups can reach, and pass is 95; make the weights',
    },
    {
      name: 'weight on a group of dry runs',
      scoring: { pass, marginal, groups: { io: 60 } },
      metrics: [series('a', ['cpu']), series('b', ['io'], { dryRun: true })],
      want: 'spec.scoring.groups: 40 is the highest score the groups can reach, and pass is 95',
    },
    {
      name: 'no series',
      scoring: { pass, marginal },
      metrics: [{ name: 'a', errorRate: {} }],
      want: 'spec.scoring: {"pass":95,"marginal":75,"groups":{}} has nothing to score; add a series metric that',
    },
    {
      name: 'only dry runs',
      scoring: { pass, marginal },
      metrics: [series('a', ['cpu'], { dryRun: true })],
      want: 'has nothing to score',
    },
    {
      name: 'a series that counts in no group',
      scoring: { pass, marginal },
      metrics: [series('a', ['cpu']), { name: 'b', series: { query: 'q' }, test: { method: 'welch' } }],
      want: 'spec.scoring: "b" is a series metric without groups while others have some, so it would not count; give',
    },
  ])('refuses $name', ({ scoring, metrics, want }) => {
    const issues = parse(scoring, ...metrics);
    expect(issues).toHaveLength(1);
    expect(issues).toEqual([expect.stringContaining(want)]);
  });
});
