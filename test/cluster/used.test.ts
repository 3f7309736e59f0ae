/**
 * Every right that manifests/rbac gives is used, and no right is missing, checked with the audit log of a
 * real server.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOME } from '../../api/names.ts';
import { RIGHTS } from '../../release/rights.ts';
import { eventually } from '../support/eventually.ts';
import { BLOCKED, DELIVERED, EDITS, FOLLOWED, OPEN_CRDS, TWO_STEPS, UNCONFIRMED } from './everything.ts';
import { BORROWED, Lane } from './lane.ts';
import { Stage, TARGET, WHY } from './steps.ts';
import { APP } from './targets.ts';

const nameOf = (group: string, resource: string, subresource = ''): string =>
  `${resource}${group === '' ? '' : `.${group}`}${subresource === '' ? '' : `/${subresource}`}`;

/** the rights as texts, e.g. "patch deployments.apps/status" */
const GIVEN = RIGHTS.flatMap(({ resource, subresource, verbs }) =>
  verbs.map((verb) => `${verb} ${nameOf(resource.group, resource.plural, subresource)}`),
);

describe.skipIf(BORROWED !== undefined)(`the rights of the controller${WHY}`, () => {
  let stage: Stage;

  /** The recorded requests in the form of a right, e.g. "patch deployments.apps". */
  const used = (): Set<string> =>
    new Set(
      stage.lane
        .audited()
        .flatMap(({ verb, objectRef: ref }) =>
          ref?.resource === undefined || ref.apiGroup === 'authorization.k8s.io'
            ? []
            : [`${verb} ${nameOf(ref.apiGroup ?? '', ref.resource, ref.subresource)}`],
        ),
    );
  const unused = (): string[] => GIVEN.filter((right) => !used().has(right));

  beforeAll(async () => {
    const lane = await Lane.start({ audit: true });
    await lane.install();
    await lane.apply(OPEN_CRDS);
    await lane.ok(['wait', '--for=condition=Established', '--timeout=60s', 'crd', '--all']);
    stage = await Stage.on(lane, [...DELIVERED, UNCONFIRMED, BLOCKED]);
    await lane.ok([
      'label',
      'service',
      APP,
      '-n',
      FOLLOWED,
      'app.kubernetes.io/managed-by=Helm',
      '--overwrite',
    ]);
    const account = `--serviceaccount=${HOME.namespace}:sluice`;
    await lane.ok([
      'create',
      'rolebinding',
      'proxies',
      '-n',
      FOLLOWED,
      '--clusterrole=sluice-proxies',
      account,
    ]);
    await lane.controller('auto');
    await stage.sight.until(stage.subjects, /^Promoted\/Initial$/);
  });

  afterAll(() => stage.stop());

  it('are all used by releases of every back end, with everything that may have to follow a canary', async () => {
    await stage.release('v2', 'v1');
    await stage.sight.until([TWO_STEPS], /^Waiting\//);
    await stage.order(TWO_STEPS, 'resume');
    await stage.sight.untilSplit(DELIVERED);
    for (const { resource, edit } of EDITS) {
      const patch = ['--type=merge', '-p', JSON.stringify({ spec: edit })];
      await stage.lane.ok(['patch', nameOf(resource.group, resource.plural), APP, '-n', FOLLOWED, ...patch]);
    }
    const patches = EDITS.map(({ resource }) => `patch ${nameOf(resource.group, resource.plural)}`);
    await eventually(() => expect(unused().filter((right) => patches.includes(right))).toEqual([]));
    for (const subject of DELIVERED) {
      stage.sight.allow(subject, 'v2');
      await stage.order(subject, 'promote');
    }
    await stage.sight.until(DELIVERED, /^Promoted\/PromotedByHuman$/);
    // The same message occurs twice, so its Event is counted.
    const annotate = (...what: string[]) =>
      stage.lane.ok(['annotate', TARGET, '-n', BLOCKED.name, '--overwrite', ...what]);
    await stage.order(BLOCKED, 'abort');
    await stage.sight.until([BLOCKED], /^Aborted\//);
    await annotate('sluice.dev/policy=nowhere');
    await stage.write(BLOCKED, 'set', 'image', TARGET, 'app=registry.example/web:v3');
    await stage.sight.until([BLOCKED], /^Blocked\/PolicyNotFound$/);
    await annotate(`sluice.dev/policy=${APP}`, 'sluice.dev/steps=wrong');
    await stage.sight.until([BLOCKED], /^Blocked\/(?!PolicyNotFound)/);
    await annotate('sluice.dev/policy=nowhere', 'sluice.dev/steps-');
    await stage.sight.until([BLOCKED], /^Blocked\/PolicyNotFound$/);
    await eventually(() => expect(unused()).toEqual([]));
  });

  it('are all that it asked for, and none was refused', () => {
    expect([...used()].filter((right) => !GIVEN.includes(right))).toEqual([]);
    expect(stage.lane.audited().filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
    expect(stage.lane.forbidden).toEqual([]);
  });
});
