import type { KubeObject } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import { classOf, hasAffinity } from './annotations.ts';
import { classObject } from './class.ts';
import { pathsOf } from './ingress.ts';
import type { Note } from '../provider.ts';

/** What changes the meaning of Ingress-NGINX's numbers. */
export function nginxNotes(
  routes: readonly KubeObject[],
  stable: string,
  classes: readonly KubeObject[],
): Note[] {
  return [
    ...routes.filter((each) => classObject(each, classes) === undefined).map(aboutClass),
    ...routes.flatMap((ingress) => aboutHosts(ingress, stable)),
    ...routes.filter(hasAffinity).map(aboutSessions),
  ];
}

/** The controller counts requests by host, and by default counts only hosts that an Ingress names in full. */
function aboutHosts(ingress: KubeObject, stable: string): Note[] {
  const hosts = pathsOf(ingress)
    .filter(({ service, host }) => service === stable && (host === '' || host.startsWith('*.')))
    .map(({ host }) => (host === '' ? 'no host' : `the host ${host}`));
  const [first] = hosts;
  if (first === undefined) return [];
  const sentence = `Ingress ${ingress.metadata.name} has a rule for ${first}, whose requests Ingress-NGINX does not count unless it runs with --metrics-per-undefined-host; until then its metrics prove nothing about them.`;
  return [{ reason: REASON.HostNotCounted, sentence }];
}

const aboutClass = (ingress: KubeObject): Note => ({
  reason: REASON.ClassUnknown,
  sentence: `IngressClass ${classOf(ingress) ?? ''} of Ingress ${ingress.metadata.name} does not exist or Sluice may not read it (list, watch ingressclasses), so Sluice assumes that Ingress-NGINX serves it; make sure that the controller that serves it obeys the annotation nginx.ingress.kubernetes.io/canary.`,
});

const aboutSessions = ({ metadata }: KubeObject): Note => ({
  reason: REASON.SessionsStay,
  sentence: `Ingress ${metadata.name} keeps each client on its pod by a cookie (affinity: cookie): clients of stable stay there, so a weight applies only to new clients, and the canary gets less than the weight says.`,
});
