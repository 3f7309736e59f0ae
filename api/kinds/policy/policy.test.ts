import { describe, expect, it } from 'vitest';
import type { Result } from '../../../lib/result.ts';
import { formatIssue } from '../../../lib/result.ts';
import { defaultPolicy, parsePolicy } from './policy.ts';

const issuesOf = (result: Result<unknown>) => (result.ok ? [] : result.issues.map(formatIssue));
const step = (fields: object) => ({
  minDurationMs: 120_000,
  maxDurationMs: 1_800_000,
  pause: false,
  ...fields,
});

describe('parsePolicy', () => {
  it('fills an empty policy with the built-in default', () => {
    expect(parsePolicy({})).toEqual({ ok: true, value: defaultPolicy() });
    expect(defaultPolicy().steps).toEqual([step({ weight: 5 }), step({ weight: 25 }), step({ weight: 50 })]);
  });

  it('reads every field', () => {
    const wire = {
      provider: 'nginx',
      strategy: 'canary',
      steps: [{ weight: 10, minDuration: '30s', maxDuration: '5m', pause: '10m', canaryReplicas: 2 }],
      analysis: [{ template: 'http' }, { template: 'slow', args: { limit: '0.3' } }],
      onFailure: 'revert',
      onInconclusive: 'rollback',
      onNewRevision: 'queue',
      rollbackWindow: { revisions: 1 },
      holdCapacity: false,
      warmup: '10s',
      blind: '5m',
      drain: '0s',
      settle: '3s',
      mirror: { percent: 20, minDuration: '1m', maxDuration: '5m' },
      stickiness: { cookie: 'track', maxAge: '2h' },
      historyLimit: 3,
    };
    expect(parsePolicy(wire)).toEqual({
      ok: true,
      value: {
        provider: 'nginx',
        strategy: 'canary',
        steps: [
          { weight: 10, minDurationMs: 30_000, maxDurationMs: 300_000, pause: 600_000, canaryReplicas: 2 },
        ],
        analysis: [
          { template: 'http', args: {} },
          { template: 'slow', args: { limit: '0.3' } },
        ],
        onFailure: 'revert',
        onInconclusive: 'rollback',
        onNewRevision: 'queue',
        rollbackWindow: { revisions: 1 },
        holdCapacity: false,
        warmupMs: 10_000,
        blindMs: 300_000,
        drainMs: 0,
        settleMs: 3_000,
        mirror: { percent: 20, minDurationMs: 60_000, maxDurationMs: 300_000 },
        stickiness: { cookie: 'track', maxAgeMs: 7_200_000 },
        bakeMs: 600_000,
        historyLimit: 3,
      },
    });
  });

  it('gives a long minDuration a longer maxDuration', () => {
    const parsed = parsePolicy({ steps: [{ weight: 5, minDuration: '1h' }] });
    expect(parsed).toMatchObject({
      value: { steps: [{ minDurationMs: 3_600_000, maxDurationMs: 7_200_000 }] },
    });
  });

  it.each([
    { spec: [], want: 'spec: [] is a list, not an object' },
    { spec: undefined, want: 'spec: undefined is missing, not an object' },
    { spec: { steps: [] }, want: 'spec.steps: [] has 0 items; give a list of 1 to 30' },
    { spec: { steps: [{}] }, want: 'spec.steps[0].weight: is missing; give the percent of requests' },
    {
      spec: { steps: [{ weight: 250 }] },
      want: 'spec.steps[0].weight: 250 is above 99; give a percentage from 0.01 to 99',
    },
    { spec: { steps: [{ weight: 100 }] }, want: 'spec.steps[0].weight: 100 is above 99' },
    {
      spec: { steps: [{ weight: 0 }] },
      want: 'spec.steps[0].weight: 0 is too small; give a percentage from 0.01 to 99 with at most two decimals; 0 needs strategy: ab',
    },
    { spec: { steps: [{ weight: 2.125 }] }, want: 'spec.steps[0].weight: 2.125 has more than two decimals' },
    { spec: { steps: [{ weight: -1 }] }, want: 'spec.steps[0].weight: -1 is too small' },
    {
      spec: { steps: [{ weight: '5' }] },
      want: 'spec.steps[0].weight: "5" is a string; give a percentage from 0.01 to 99 with at most two decimals, without quotes',
    },
    {
      spec: { steps: [{ weight: 5, minDuration: '2 min' }] },
      want: 'spec.steps[0].minDuration: "2 min" is not a duration',
    },
    {
      spec: { steps: [{ weight: 5, minDuration: 120 }] },
      want: 'spec.steps[0].minDuration: 120 is a number; give a duration',
    },
    {
      spec: { steps: [{ weight: 5, minDuration: '1h', maxDuration: '2m' }] },
      want: 'spec.steps[0].maxDuration: "2m" is shorter than minDuration 1h; give at least 1h',
    },
    {
      spec: { steps: [{ weight: 5, pause: { duration: '1m' } }] },
      want: 'spec.steps[0].pause: {"duration":"1m"} is an object; give true',
    },
    {
      spec: { steps: [{ setWeight: 5, weight: 5 }] },
      want: 'spec.steps[0].setWeight: 5 is in a field that does not exist; did you mean weight?',
    },
    {
      spec: { onFailure: 'Revert' },
      want: 'spec.onFailure: "Revert" is not known; did you mean revert? Give one of hold, revert',
    },
    { spec: { onFailure: null }, want: 'spec.onFailure: null is null; give one of hold, revert' },
    {
      spec: { holdCapacity: 'true' },
      want: 'spec.holdCapacity: "true" is a string; give true or false, without quotes',
    },
    { spec: { provider: 'ngnix' }, want: 'did you mean nginx?' },
    {
      spec: { strategy: 'bluegreen', bake: '5m' },
      want: 'spec.strategy: "bluegreen" is not known; did you mean blueGreen? Give one of canary, blueGreen, ab',
    },
    {
      spec: { strategy: 'blueGreen', bake: 'soon' },
      want: 'spec.bake: "soon" is not a duration',
    },
    { spec: { gates: {} }, want: 'spec.gates: {} is not supported yet' },
    { spec: { notify: [] }, want: 'spec.notify: [] is not supported yet' },
    { spec: { stpes: [] }, want: 'spec.stpes: [] is in a field that does not exist; did you mean steps?' },
    {
      spec: { frobnicate: 1 },
      want: 'spec.frobnicate: 1 is in a field that does not exist; remove it; known fields are analysis,',
    },
    {
      spec: { analysis: ['http'] },
      want: 'spec.analysis[0]: "http" is a string, not an object; give a map of fields: args, template',
    },
    {
      spec: { mirror: true },
      want: 'spec.mirror: true is a boolean, not an object; give a map of fields: maxDuration, minDuration, percent',
    },
    {
      spec: { rollbackWindow: 3 },
      want: 'spec.rollbackWindow: 3 is a number, not an object; give a map of fields: revisions',
    },
    {
      spec: { steps: [{ weight: 120 }] },
      want: 'spec.steps[0].weight: 120 is above 99; give a percentage from 0.01 to 99',
    },
    { spec: { analysis: [{ template: 'a' }, { template: 'a' }] }, want: 'spec.analysis: "a" is there twice' },
    {
      spec: { analysis: [{ template: 'a', args: { x: 5 } }] },
      want: 'spec.analysis[0].args["x"]: 5 is not a short text',
    },
    { spec: { warmup: '2h' }, want: 'spec.warmup: "2h" is longer than 1h' },
    { spec: { historyLimit: 0 }, want: 'spec.historyLimit: 0 is too small' },
  ])('refuses $spec', ({ spec, want }) => {
    const issues = issuesOf(parsePolicy(spec));
    expect(issues).toHaveLength(1);
    expect(issues[0]).toContain(want);
  });

  it('reports everything that is wrong at once', () => {
    const issues = issuesOf(parsePolicy({ steps: [{ weight: 0 }, { weight: 'x' }], drain: 5, bake: 1 }));
    expect(issues).toHaveLength(3);
  });
});
