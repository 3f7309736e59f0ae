import { expect, it } from 'vitest';
import { errorFromAnswer, KubeError, NETWORK } from '../kube/errors.ts';
import { sentenceOf } from './failures.ts';

it.each([
  {
    what: 'a cluster without the kinds of Sluice',
    error: errorFromAnswer(404, '404 page not found\n'),
    want: 'the kinds of Sluice are not installed in this cluster: kubectl apply -f manifests/crds/',
  },
  {
    what: 'an API server that is away',
    error: new KubeError({
      code: 0,
      reason: NETWORK,
      message: 'no answer from the API server https://x (refused)',
    }),
    want: 'no answer from the API server https://x (refused); is that the right cluster? --kubeconfig and --context choose another',
  },
  {
    what: 'credentials that have run out',
    error: errorFromAnswer(401, '{"kind":"Status","reason":"Unauthorized","message":"Unauthorized"}'),
    want: 'Unauthorized: the API server does not know who you are; log in again, or give --context',
  },
  {
    what: 'a missing right',
    error: errorFromAnswer(403, '{"kind":"Status","reason":"Forbidden","message":"releases is forbidden"}'),
    want: 'releases is forbidden',
  },
])('names $what in one sentence, with the remedy', ({ error, want }) => {
  expect(sentenceOf(error)).toBe(want);
});
