import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/kube.ts';
import type { JsonObject } from '../../lib/json.ts';
import { virtualService } from '../../test/support/istio.ts';
import { analysisOf, errorIn } from './status.ts';

const analysed = (status: JsonObject): KubeObject => {
  const object = virtualService('shop', []);
  return { ...object, metadata: { ...object.metadata, generation: 3 }, status };
};
const message = (level: string, more: JsonObject = {}) => ({
  level,
  type: { code: 'IST0101', name: 'ReferencedResourceNotFound' },
  ...more,
});

test.each<[string, JsonObject, ReturnType<typeof analysisOf>]>([
  ['analysis is off', {}, { acknowledged: 'unknown' }],
  ['an old generation was looked at', { observedGeneration: '1' }, { acknowledged: 'unknown' }],
  [
    'the generation before was looked at',
    { observedGeneration: '2' },
    {
      acknowledged: 'pending',
      problem:
        "istiod's analysis has not looked at VirtualService shop yet; if that analysis was switched off after its last report, remove the status of that object",
    },
  ],
  [
    'what is wrong is of an older generation',
    { observedGeneration: '1', validationMessages: [message('ERROR')] },
    { acknowledged: 'unknown' },
  ],
  ['nothing is wrong', { observedGeneration: '3' }, { acknowledged: 'yes' }],
  ['a number is a number', { observedGeneration: 4, validationMessages: [] }, { acknowledged: 'yes' }],
  [
    'it is only a warning',
    { observedGeneration: '3', validationMessages: [message('WARNING'), message('INFO')] },
    { acknowledged: 'yes' },
  ],
  [
    'it is an error',
    {
      observedGeneration: '3',
      validationMessages: [message('WARNING'), message('ERROR', { documentationUrl: 'https://istio.io/x' })],
    },
    {
      acknowledged: 'pending',
      problem:
        'istiod finds IST0101 (ReferencedResourceNotFound) in VirtualService shop, see https://istio.io/x',
    },
  ],
  [
    'it does not say what',
    { observedGeneration: '3', validationMessages: [{ level: 'ERROR' }] },
    { acknowledged: 'pending', problem: 'istiod finds an error in VirtualService shop' },
  ],
])('istiod says: %s', (_name, status, analysis) => {
  expect(analysisOf(analysed(status))).toEqual(analysis);
});

test('only what is wrong with the object as it stands is an error', () => {
  const validationMessages = [message('ERROR')];
  expect(errorIn(analysed({ observedGeneration: '2', validationMessages }))).toBeUndefined();
  expect(errorIn(analysed({ observedGeneration: '3', validationMessages }))).toMatch(/^istiod finds IST0101/);
  expect(errorIn(analysed({}))).toBeUndefined();
});
