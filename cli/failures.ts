import { KubeError, NETWORK, TIMEOUT } from '../kube/errors.ts';

/** The reason given to a plain-text answer: the API server does not know the kind, so it sends no reason of its own. */
const UNKNOWN_KIND = 'HTTP404';

/** A failed exchange with the API server in one sentence, with what to do about it. */
export function sentenceOf({ code, reason, message }: KubeError): string {
  if (code === 404 && reason === UNKNOWN_KIND)
    return 'the kinds of Sluice are not installed in this cluster: kubectl apply -f manifests/crds/';
  if (code === 0 && (reason === NETWORK || reason === TIMEOUT))
    return `${message}; is that the right cluster? --kubeconfig and --context choose another`;
  if (code === 401)
    return `${message}: the API server does not know who you are; log in again, or give --context`;
  return message;
}
