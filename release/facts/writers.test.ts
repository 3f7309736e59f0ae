import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { lastWriter } from './writers.ts';

const SINCE = Date.parse('2026-01-01T12:00:00.700Z');
const entry = (manager: string, time: string, change: JsonObject = {}): JsonObject => ({
  manager,
  operation: 'Update',
  time: `2026-01-01T${time}Z`,
  fieldsV1: { 'f:spec': { 'f:rules': {} } },
  ...change,
});
const route = (...managedFields: JsonObject[]): KubeObject => ({
  apiVersion: 'gateway.networking.k8s.io/v1',
  kind: 'HTTPRoute',
  metadata: { name: 'web', managedFields },
  spec: {},
});

describe('who changed a route', () => {
  it('is the last of all that wrote since, over all objects', () => {
    const objects = [
      route(entry('argocd-controller', '12:00:05'), entry('early', '11:59:59')),
      route(entry('helm', '12:00:03'), entry('sluice', '12:00:09')),
    ];
    expect(lastWriter(objects, SINCE)).toEqual({
      who: 'Argo CD (field manager argocd-controller)',
      at: '2026-01-01T12:00:05Z',
      remedy: 'let the Application ignore the weights, see docs/gitops.md',
    });
  });

  it('is nobody known where nothing tells', () => {
    for (const fields of [
      [],
      [entry('early', '11:59:59')],
      [entry('sluice', '12:00:09')],
      [entry('istiod', '12:00:09', { subresource: 'status' })],
      [entry('labeller', '12:00:09', { fieldsV1: { 'f:metadata': { 'f:labels': {} } } })],
      [entry('annotator', '12:00:09', { fieldsV1: { 'f:metadata': { 'f:annotations': {} } } })],
      [entry('', '12:00:09')],
    ])
      expect(lastWriter([route(...fields)], SINCE)).toBeUndefined();
    expect(lastWriter([{ apiVersion: 'v1', kind: 'x', metadata: { name: 'bare' } }], SINCE)).toBeUndefined();
  });

  it('may have written in the very second in which the weight was observed', () => {
    expect(lastWriter([route(entry('kubectl-edit', '12:00:00'))], SINCE)?.who).toBe(
      'kubectl (field manager kubectl-edit)',
    );
  });

  it('is told by annotations where they split the traffic', () => {
    const annotated = entry('kubectl-annotate', '12:00:02', {
      fieldsV1: { 'f:metadata': { 'f:annotations': {} } },
    });
    const ingress = { ...route(annotated), kind: 'Ingress' };
    expect(lastWriter([ingress], SINCE)?.who).toBe('kubectl (field manager kubectl-annotate)');
  });

  it.each([
    ['kustomize-controller', 'Flux'],
    ['helm-controller', 'Flux'],
    ['Helm', 'Helm'],
    ['flagger', 'another delivery controller'],
  ])('%s is %s, with a remedy', (manager, name) => {
    const writer = lastWriter([route(entry(manager, '12:00:09'))], SINCE);
    expect(writer?.who).toBe(`${name} (field manager ${manager})`);
    expect(writer?.remedy).toMatch(/^(let|do not) /);
  });

  it('is named even if nothing else is known of it', () => {
    expect(lastWriter([route(entry('our-bot', '12:00:09'))], SINCE)).toMatchObject({
      who: 'field manager our-bot',
      remedy: undefined,
    });
  });
});
