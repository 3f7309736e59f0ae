import { describe, expect, it } from 'vitest';
import { getObjects, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { ownersAfter } from './field-owners.ts';

const RULES = { 'f:spec': { 'f:rules': {} } };
const image = (name: string): JsonObject => ({ [`k:{"name":"${name}"}`]: { 'f:image': {} } });
const template = (containers: JsonObject): JsonObject => ({
  'f:spec': { 'f:template': { 'f:spec': { 'f:containers': containers } } },
});

const entry = (
  manager: string,
  operation: string,
  fieldsV1: JsonObject,
  more: JsonObject = {},
): JsonObject => ({
  ...{ manager, operation, apiVersion: 'v1', time: `2026-01-01T00:00:0${manager.length % 10}Z` },
  ...{ fieldsType: 'FieldsV1', fieldsV1 },
  ...more,
});
const helm = (fields: JsonObject): JsonObject => entry('helm', 'Apply', fields);
const sluice = (fields: JsonObject): JsonObject => entry('sluice', 'Update', fields);

const object = (kind: string, managedFields: JsonObject[], labels?: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'web', managedFields, ...(labels === undefined ? {} : { labels }) },
});
const route = (...entries: JsonObject[]): KubeObject => object('HTTPRoute', entries);
const deployment = (...entries: JsonObject[]): KubeObject => object('Deployment', entries);

/** Owners by manager and operation; undefined: nothing has to be written. */
function owners(after: KubeObject, before?: KubeObject): Record<string, unknown> | undefined {
  const wanted = ownersAfter(after, before);
  return wanted === undefined
    ? undefined
    : Object.fromEntries(
        wanted.map((each) => [
          `${getString(each, 'manager') ?? ''} ${getString(each, 'operation') ?? ''}`,
          each['fieldsV1'],
        ]),
      );
}

describe('after a write of ours to an object of a user', () => {
  it('the owner of the rules owns them again, with the time it had, and we own nothing', () => {
    const before = route(helm({ 'f:spec': { 'f:hostnames': {}, 'f:rules': {} } }));
    const after = route(helm({ 'f:spec': { 'f:hostnames': {} } }), sluice(RULES));
    expect(ownersAfter(after, before)).toEqual(before.metadata.managedFields);
  });

  it('one who owned nothing else is in the list again', () => {
    const before = route(entry('kubectl-edit', 'Update', RULES), helm({ 'f:spec': { 'f:hostnames': {} } }));
    const after = route(helm({ 'f:spec': { 'f:hostnames': {} } }), sluice(RULES));
    expect(owners(after, before)).toEqual({
      'kubectl-edit Update': RULES,
      'helm Apply': { 'f:spec': { 'f:hostnames': {} } },
    });
  });

  it('of several owners each owns it again, and a status stays whose it is', () => {
    const status = entry('gateway', 'Update', { 'f:status': {} }, { subresource: 'status' });
    const before = route(helm(RULES), entry('flux', 'Apply', RULES), status);
    const after = route(status, sluice(RULES));
    expect(owners(after, before)).toEqual({
      'helm Apply': RULES,
      'flux Apply': RULES,
      'gateway Update': status['fieldsV1'],
    });
  });

  it('what somebody else took meanwhile is left alone', () => {
    const before = route(helm(RULES));
    expect(owners(route(entry('flux', 'Apply', RULES)), before)).toBeUndefined();
  });

  it('the hold stays ours, whoever else may set it in a manifest', () => {
    const hold = {
      'f:metadata': { 'f:annotations': { 'f:sluice.dev/held': {} } },
      'f:spec': { 'f:paused': {} },
    };
    const before = deployment(helm({ 'f:spec': { 'f:paused': {}, 'f:replicas': {} } }));
    const after = deployment(helm({ 'f:spec': { 'f:replicas': {} } }), sluice(hold));
    expect(owners(after, before)).toBeUndefined();
  });

  it('of a template that is put back, what was changed and what came anew is whose the template is', () => {
    const before = deployment(
      helm(template({ ...image('app') })),
      entry('label', 'Update', { 'f:metadata': {} }),
    );
    const after = deployment(
      helm(template({ 'k:{"name":"app"}': { 'f:name': {} } })),
      entry('label', 'Update', { 'f:metadata': {} }),
      sluice(template({ ...image('app'), ...image('old') })),
    );
    expect(owners(after, before)).toEqual({
      'helm Apply': template({ 'k:{"name":"app"}': { 'f:name': {}, 'f:image': {} }, ...image('old') }),
      'label Update': { 'f:metadata': {} },
    });
  });

  it('a restart that was ordered stays as it is', () => {
    const restart = {
      'f:spec': {
        'f:template': {
          'f:metadata': { 'f:annotations': { '.': {}, 'f:kubectl.kubernetes.io/restartedAt': {} } },
        },
      },
    };
    expect(owners(deployment(helm(template(image('app'))), sluice(restart)))).toBeUndefined();
  });

  it('nothing is given away of what Sluice made itself', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'sluice', 'sluice.dev/target': 'web' };
    expect(
      owners(object('Deployment', [helm({ 'f:spec': { 'f:replicas': {} } }), sluice(RULES)], labels)),
    ).toBeUndefined();
  });
});

describe('when it is not known any more who owned a field', () => {
  it('it goes to the one who owns what lies nearest, who applies before who wrote last', () => {
    const after = route(
      entry('kubectl-edit', 'Update', { 'f:spec': { 'f:parentRefs': {} } }),
      helm({ 'f:spec': { 'f:hostnames': {} } }),
      sluice(RULES),
    );
    expect(owners(after)).toEqual({
      'kubectl-edit Update': { 'f:spec': { 'f:parentRefs': {} } },
      'helm Apply': { 'f:spec': { 'f:hostnames': {}, 'f:rules': {} } },
    });
  });

  it('it is nobody’s where nobody owns anything near, so that whoever applies it takes it', () => {
    const label = helm({ 'f:metadata': { 'f:labels': { 'f:team': {} } } });
    expect(ownersAfter(route(label, sluice(RULES)))).toEqual([label]);
  });

  it('the list is never emptied, by which the server would forget everybody', () => {
    expect(owners(route(sluice(RULES)))).toBeUndefined();
  });

  it('once it is done nothing is left to do', () => {
    const after = route(helm({ 'f:spec': { 'f:hostnames': {} } }), sluice(RULES));
    const done = ownersAfter(after) ?? [];
    expect(getObjects({ done }, 'done')).not.toEqual([]);
    expect(owners(route(...done))).toBeUndefined();
  });
});
