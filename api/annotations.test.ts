import { describe, expect, it } from 'vitest';
import { formatIssue, type Result } from '../lib/result.ts';
import { applyOverrides, parseAnnotations } from './annotations.ts';
import { defaultPolicy } from './kinds/policy/policy.ts';

const issuesOf = (result: Result<unknown>) => (result.ok ? [] : result.issues.map(formatIssue));
const minute = 60_000;
const step = (weight: number, minMinutes = 2, pause: boolean | number = false) => ({
  weight,
  minDurationMs: minMinutes * minute,
  maxDurationMs: 30 * minute,
  pause,
});

describe('parseAnnotations', () => {
  it('names ten annotations that nobody knows, and says how many more there are', () => {
    const annotations = Object.fromEntries(
      Array.from({ length: 20_000 }, (_, i) => [`sluice.dev/unknown-${i}`, 'x']),
    );
    const issues = issuesOf(parseAnnotations(annotations));
    expect(issues).toHaveLength(11);
    expect(issues.at(-1)).toMatch(/has 19990 more annotations that Sluice does not know; remove all/);
  });

  it('reads every override and leaves what belongs to others alone', () => {
    const annotations = {
      'sluice.dev/policy': 'default',
      'sluice.dev/steps': '5@2m,25,pause,50@5m',
      'sluice.dev/analysis': 'http, slow',
      'sluice.dev/provider': 'nginx',
      'sluice.dev/service': 'web',
      'sluice.dev/route': 'web,web.internal',
      'sluice.dev/copy-rules': 'main, api.v2',
      'sluice.dev/skip': 'typo in a label',
      'sluice.dev/held': 'new',
      'deployment.kubernetes.io/revision': '3',
      'other.sluice.dev/x': '',
    };
    expect(parseAnnotations(annotations)).toEqual({
      ok: true,
      value: {
        policy: 'default',
        steps: [step(5), step(25, 2, true), step(50, 5)],
        analysis: [
          { template: 'http', args: {} },
          { template: 'slow', args: {} },
        ],
        provider: 'nginx',
        service: 'web',
        routes: ['web', 'web.internal'],
        copyRules: ['main', 'api.v2'],
        skip: 'typo in a label',
      },
    });
  });

  it.each([undefined, null, {}])('reads %j as no overrides', (annotations) => {
    expect(parseAnnotations(annotations)).toEqual({ ok: true, value: {} });
  });

  it.each([
    { text: '5', want: [step(5)] },
    { text: ' 5@2m , 25 ', want: [step(5), step(25)] },
    { text: '5,pause@10m,50', want: [step(5, 2, 10 * minute), step(50)] },
    { text: '5@0', want: [step(5, 0)] },
    { text: '0.5@5m,5', want: [step(0.5, 5), step(5)] },
    { text: '0,10', want: [step(0), step(10)] },
    { text: '5@1h', want: [{ ...step(5, 60), maxDurationMs: 120 * minute }] },
  ])('reads the steps "$text"', ({ text, want }) => {
    expect(parseAnnotations({ 'sluice.dev/steps': text })).toEqual({ ok: true, value: { steps: want } });
  });

  it.each([
    { name: 'steps', value: '', want: '"" is empty' },
    { name: 'steps', value: '5,,25', want: '"5,,25" has nothing before or after a comma' },
    { name: 'steps', value: '5,', want: '"5," has nothing before or after a comma' },
    { name: 'steps', value: '5%', want: '"5%" is neither a weight nor a pause' },
    { name: 'steps', value: '100', want: '100 is above 99' },
    { name: 'steps', value: '2.125', want: '2.125 has more than two decimals' },
    { name: 'steps', value: '.5', want: '".5" is neither a weight nor a pause' },
    { name: 'steps', value: 'pause,5', want: '"pause" stands before any weight' },
    { name: 'steps', value: '5,pause,pause', want: '"pause" follows another pause' },
    { name: 'steps', value: '5,pause@0', want: '"pause@0" pauses for 0 seconds' },
    { name: 'steps', value: '5@', want: '"5@" has no duration after "@"' },
    { name: 'steps', value: '5@2m@3m', want: '"5@2m@3m" has no duration' },
    { name: 'steps', value: '5@two', want: '"5@two" has no duration' },
    { name: 'policy', value: '', want: '"" is not a DNS label' },
    { name: 'policy', value: 'Default', want: '"Default" is not a DNS label; give 1 to 63 lower-case' },
    { name: 'policy', value: 'a.b', want: '"a.b" is not a DNS label' },
    { name: 'provider', value: 'gatway', want: 'did you mean gateway?' },
    { name: 'service', value: 'other/web', want: '"other/web" is not a DNS label' },
    { name: 'route', value: 'other/web', want: '"other/web" is not an object name' },
    { name: 'route', value: 'a,a', want: '"a" is there twice' },
    { name: 'analysis', value: '', want: '"" is not an object name' },
    { name: 'skip', value: ' ', want: '" " is empty' },
    { name: 'stpes', value: '5', want: 'did you mean sluice.dev/steps?' },
    { name: 'frobnicate', value: '5', want: 'Sluice does not know; remove the annotation' },
  ])('refuses sluice.dev/$name: "$value"', ({ name, value, want }) => {
    const issues = issuesOf(parseAnnotations({ [`sluice.dev/${name}`]: value }));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain(`metadata.annotations[sluice.dev/${name}]: `);
    expect(issues[0]).toContain(want);
  });
});

describe('applyOverrides', () => {
  it('replaces single fields and keeps the arguments of a template that the policy names too', () => {
    const policy = { ...defaultPolicy(), analysis: [{ template: 'slow', args: { limit: '1' } }] };
    const overrides = {
      steps: [step(10)],
      analysis: ['slow', 'http'].map((template) => ({ template, args: {} })),
    };
    const analysis = [
      { template: 'slow', args: { limit: '1' } },
      { template: 'http', args: {} },
    ];
    const value = { ...policy, steps: [step(10)], analysis };
    expect(applyOverrides(policy, overrides)).toEqual({ ok: true, value });
  });

  it('refuses steps that do not go with the strategy of the policy', () => {
    const steps = [step(5), step(0)];
    expect(applyOverrides({ ...defaultPolicy(), strategy: 'ab' }, { steps }).ok).toBe(true);
    expect(issuesOf(applyOverrides(defaultPolicy(), { steps }))).toEqual([
      'metadata.annotations[sluice.dev/steps]: 0 is too small; give a percentage from 0.01 to 99 with at most two decimals; 0 needs strategy: ab',
    ]);
    expect(
      issuesOf(applyOverrides({ ...defaultPolicy(), strategy: 'blueGreen', steps: [] }, { steps })),
    ).toEqual([
      'metadata.annotations[sluice.dev/steps]: cannot be used with strategy blueGreen; remove it; mirror and bake say what happens before and after the switch',
    ]);
  });
});
