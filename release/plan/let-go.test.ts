import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import { aSnapshot, aTarget, doing, podTemplate, replicaSet, SERVICE } from '../../test/support/builders.ts';
import { initial, underWay } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

function look(objects: readonly KubeObject[], revert = false): Decision {
  const snapshot = aSnapshot(objects);
  return decide({ ...snapshot, config: { ...snapshot.config, leaving: { revert } } });
}

/** As Sluice paused it: the server knows the owner of the field. */
const bySluice = (target: KubeObject): KubeObject => ({
  ...target,
  metadata: {
    ...target.metadata,
    managedFields: [{ manager: 'sluice', fieldsV1: { 'f:spec': { 'f:paused': {} } } }],
  },
});
const around = [...replicaSet('web:1'), SERVICE];
const MARKED = { 'sluice.dev/held': 'new' };
const aside = { 'sluice.dev/set-aside': JSON.stringify(podTemplate('web:3')) };

describe('an uninstallation', () => {
  it.each([
    {
      given: 'un-pauses a target that holds its stable template',
      target: bySluice(aTarget()),
      does: ['let the target roll out'],
    },
    {
      given: 'un-pauses one that admission paused',
      target: aTarget({ annotations: MARKED }),
      does: ['let the target roll out'],
    },
    { given: 'leaves a pause of the author', target: aTarget(), does: [] },
    {
      given: 'takes the mark off a target that may roll out',
      target: aTarget({ paused: false, annotations: MARKED }),
      does: ['remove the mark of the hold'],
    },
    {
      given: 'lets a template that is not proven stay paused, without the mark',
      target: aTarget({ image: 'web:2', annotations: MARKED }),
      does: ['remove the mark of the hold'],
    },
    {
      given: 'puts the stable template back where that is wanted',
      target: aTarget({ image: 'web:2', annotations: MARKED }),
      revert: true,
      does: ['set the template and let the target roll out'],
    },
    {
      given: 'puts a newer template back that was set aside, and lets it roll out nothing',
      target: bySluice(aTarget()),
      annotations: aside,
      does: ['put back the template that was set aside'],
    },
    {
      given: 'leaves a template aside where the stable one is wanted',
      target: bySluice(aTarget()),
      annotations: aside,
      revert: true,
      does: ['let the target roll out'],
    },
  ])('$given', ({ target, annotations, revert = false, does }) => {
    const release = initial(annotations === undefined ? {} : { annotations });
    const decision = look([target, ...around, release], revert);
    expect(doing(decision)).toEqual(does.map((each) => `jsonPatch Deployment/web: ${each}`));
    expect(decision.status).toBeUndefined();
  });

  it('knows no template for stable that no record calls so', () => {
    const decision = look([bySluice(aTarget()), ...around], true);
    expect([doing(decision), decision.sentence]).toEqual([[], expect.stringContaining('no record')]);
  });

  it('ends a running release, traffic first', () => {
    const decision = look(underWay());
    expect(decision.status?.next).toMatchObject({
      phase: 'RollingBack',
      weight: 0,
      withdrawal: { by: 'OptOut' },
    });
    expect(doing(decision)[0]).toContain('take all traffic off the canary');
    expect(decision.sentence).toBe('Sluice is being uninstalled: the release ends.');
  });
});
