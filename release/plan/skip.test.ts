import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import {
  aRoute,
  aSnapshot,
  aTarget,
  changed,
  doing,
  replicaSet,
  SERVICE,
} from '../../test/support/builders.ts';
import { aRelease, initial } from '../../test/support/release-builders.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model.ts';

const look = (...objects: (KubeObject | KubeObject[])[]): Decision => decide(aSnapshot(objects));
const cluster = [aTarget({ image: 'web:2' }), ...replicaSet('web:1'), SERVICE, aRoute(), initial()];

describe('sluice.dev/skip', () => {
  const skip = { 'sluice.dev/skip': 'hotfix 7' };
  const wrote = (manager: string, ...what: ('skip' | 'template')[]): JsonObject => ({
    manager,
    fieldsV1: {
      ...(what.includes('skip') ? { 'f:metadata': { 'f:annotations': { 'f:sluice.dev/skip': {} } } } : {}),
      ...(what.includes('template') ? { 'f:spec': { 'f:template': { 'f:spec': {} } } } : {}),
    },
  });
  const arriving = (...managedFields: JsonObject[]): KubeObject => {
    const target = aTarget({ image: 'web:2', annotations: skip });
    return { ...target, metadata: { ...target.metadata, managedFields } };
  };
  const made = (target: KubeObject, before: Record<string, string> = {}) => {
    const decision = look(...changed(changed(cluster, target), initial({ annotations: before })));
    const creates = decision.actions.flatMap((each) =>
      each.do === 'write' && each.write.verb === 'create' ? [each.write.object] : [],
    );
    const release = creates.find(({ kind }) => kind === 'Release');
    return { annotations: release?.metadata.annotations, does: doing(decision) };
  };

  it('that came in the write of the template goes into the record, with who wrote it', () => {
    expect(made(arriving(wrote('kubectl-edit', 'skip', 'template'))).annotations).toMatchObject({
      'sluice.dev/skip': 'hotfix 7',
      'sluice.dev/skip-by': 'kubectl (field manager kubectl-edit)',
      'sluice.dev/skip-seen': 'hotfix 7',
    });
  });

  it.each([
    {
      given: 'of another writer than the template',
      target: arriving(wrote('kubectl-annotate', 'skip'), wrote('ci', 'template')),
    },
    { given: 'nobody owns up to', target: arriving() },
    {
      given: 'stood on the target before',
      target: arriving(wrote('ci', 'skip', 'template')),
      before: { 'sluice.dev/skip-seen': 'hotfix 7' },
    },
  ])('that $given is void, and that is told', ({ target, before }) => {
    const { annotations, does } = made(target, before);
    expect(annotations).toMatchObject({ 'sluice.dev/skip-seen': 'hotfix 7' });
    expect(annotations).not.toHaveProperty('sluice.dev/skip');
    expect(does).toContain('event SkipVoid');
  });

  it('of the record promotes its template, and reason and writer are told', () => {
    const annotations = { ...skip, 'sluice.dev/skip-by': 'Argo CD (field manager argocd-controller)' };
    const status = { phase: 'Pending' as const, step: -1, weight: 0 };
    const decision = look(...cluster, aRelease({ recorded: false, annotations, status }));
    expect(decision.status?.next).toMatchObject({ phase: 'Promoting', reason: 'SkippedByAnnotation' });
    expect(decision.sentence).toContain('by Argo CD (field manager argocd-controller): hotfix 7');
  });

  it('on a target that holds nothing new is remembered, and told as void once', () => {
    const idle = aTarget({ annotations: skip });
    const put = look(...changed(cluster, idle));
    expect(doing(put)).toEqual([
      'mergePatch Release/web-2: record the skip annotation of the target',
      'event SkipVoid',
    ]);
    const remembered = initial({ annotations: { 'sluice.dev/skip-seen': 'hotfix 7' } });
    expect(look(...changed(changed(cluster, idle), remembered)).actions).toEqual([]);
    const gone = look(...changed(changed(cluster, aTarget()), remembered));
    expect(gone.actions).toMatchObject([
      { write: { patch: { metadata: { annotations: { 'sluice.dev/skip-seen': null } } } } },
    ]);
  });
});
