import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/kube.ts';
import type { AnalysisState } from '../../../api/kinds/release/verdict.ts';
import type { ReleaseStatus } from '../../../api/kinds/release/status.ts';
import { defaultTemplate, serializeTemplate } from '../../../api/kinds/template/template.ts';
import { aRoute, aSnapshot, changed, doing, type SnapshotChange } from '../../../test/support/builders.ts';
import {
  aRelease,
  FIRST_WINDOW,
  HARM,
  measured,
  SAFE,
  stepAt,
  underWay,
  type StepShape,
} from '../../../test/support/release-builders.ts';
import { decide } from '../../decide.ts';
import type { Decision } from '../../model.ts';

const look = (objects: readonly KubeObject[], change: SnapshotChange = {}): Decision =>
  decide(aSnapshot(objects, change));
const safe = { measured: measured(FIRST_WINDOW, SAFE) };
const known = look(stepAt({}), safe).status!.next.analysis!;
const broken: AnalysisState = {
  ...known,
  step: 0,
  measuredUntilMs: FIRST_WINDOW.startMs,
  metrics: Object.fromEntries(
    Object.entries(known.metrics).map(([key, each]) => [key, { ...each, data: { harm: null } }]),
  ),
};
const at = (status: Partial<ReleaseStatus> = {}, shape: StepShape = {}) =>
  stepAt({ ...shape, status: { analysis: broken, ...status } });
/** The next pass, with that status, after the weight was taken away. */
const then = (status: ReleaseStatus, annotations: Record<string, string> = {}, change: SnapshotChange = {}) =>
  look([aRelease({ annotations, status }), aRoute(0)].reduce(changed, underWay()), change);
const RESUME = { 'sluice.dev/resume': 'true' };
const OFF = 'jsonPatch HTTPRoute/web: take all traffic off the canary';

describe('statistics that the release stored and nobody can read', () => {
  it('take the traffic off and ask a human, though the window would prove the step', () => {
    const decision = look(at(), safe);
    expect(doing(decision)).toEqual([OFF, 'event StateUnreadable']);
    const { next } = decision.status!;
    expect(next).toMatchObject({
      phase: 'Waiting',
      reason: 'StateUnreadable',
      step: 0,
      weight: 0,
      withheld: { reason: 'StateUnreadable' },
    });
    expect(next.message).toContain('sluice resume');
    expect(next.analysis).toEqual(broken);
  });

  it('do so in a step that lasts, without a window, and while a human pauses the release', () => {
    expect(doing(look(at())).slice(0, 1)).toEqual([OFF]);
    expect(doing(look(at({}, { intent: 'Pause' }))).slice(0, 1)).toEqual([OFF]);
  });

  it('wait for the human, however long, whatever is measured, and whatever was answered before', () => {
    const first = look(at()).status!.next;
    for (const annotations of [{}, { 'sluice.dev/resumed-step': '0' }]) {
      const later = then(first, annotations, safe);
      expect(later.status?.next ?? first).toMatchObject({ phase: 'Waiting', reason: 'StateUnreadable' });
      expect(doing(later)).toEqual([]);
    }
  });

  it('are let go by the human who resumes the release: the step begins again and counts from zero', () => {
    const first = look(at()).status!.next;
    const { next } = then(first, RESUME).status!;
    expect(next).toMatchObject({ phase: 'Progressing', reason: 'ResumedByHuman', step: 0 });
    expect(next.withheld).toBeUndefined();
    expect(then(next).status?.next).toMatchObject({ reason: 'SettingWeight', weight: 5 });
    for (const metric of Object.values(next.analysis!.metrics)) {
      expect(metric.unread).toBeUndefined();
      expect(metric.data).not.toEqual({ harm: null });
    }
  });

  it('are let go as well where they are of another kind of metric', () => {
    const metrics = Object.entries(broken.metrics).map(
      ([key, each]) => [key, { ...each, type: 'threshold' as const }] as const,
    );
    const analysis = { ...broken, metrics: Object.fromEntries(metrics) };
    const first = look(at({ analysis })).status!.next;
    expect(first.reason).toBe('StateUnreadable');
    const resumed = then(first, RESUME).status!.next;
    expect(then(resumed).status?.next.reason).toBe('SettingWeight');
  });

  it('do not stop harm from being seen', () => {
    const decision = look(at(), { measured: measured(FIRST_WINDOW, HARM) });
    expect(decision).toMatchObject({ reason: 'HarmDetected', status: { next: { phase: 'RollingBack' } } });
  });

  it('of a dry run, which decides nothing, withhold nothing', () => {
    const spec = serializeTemplate({
      ...defaultTemplate(),
      metrics: defaultTemplate().metrics.map((metric) => ({ ...metric, dryRun: true })),
    });
    const objects = at().map((each) =>
      each.kind === 'Release' && each.metadata.name === 'web-5'
        ? { ...each, spec: { ...each.spec, analysis: [{ template: 'http', args: {}, spec }] } }
        : each,
    );
    expect(look(objects).status?.next.reason).not.toBe('StateUnreadable');
    expect(doing(look(objects))).not.toContain(OFF);
  });

  it('end the traffic of a promotion, which goes on without the canary', () => {
    const promoting = at({ phase: 'Promoting', promotedFor: 'Analysis', step: 2, weight: 50 });
    const decision = look([...changed(promoting, aRoute(50))]);
    expect(doing(decision)).toEqual([OFF, 'event StateUnreadable']);
    expect(decision.status?.next).toMatchObject({ phase: 'Promoting', weight: 0 });
  });
});
