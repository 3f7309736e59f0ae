import { getInteger, getString } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import type { Note, NotesContext } from '../provider.ts';

/**
 * The limits of a share of pods: it cannot be any percent, and it is not a share of the clients that choose
 * their pods themselves.
 */
export const replicasNotes = ({ become, target, fronting }: NotesContext): Note[] => [
  ...aboutWeights(target, become),
  ...fronting.flatMap(aboutClients),
];

function aboutWeights(target: KubeObject, become: NotesContext['become']): Note[] {
  if (become === undefined || become.exact) return [];
  const stable = getInteger(target, 'spec', 'replicas') ?? 1;
  const sentence = `Without a router, weights are shares of whole pods: beside ${stable} pods of Deployment ${target.metadata.name} ${become.sentence}.`;
  return [{ reason: REASON.WeightsInPods, sentence }];
}

function aboutClients(service: KubeObject): Note[] {
  const name = `Service ${service.metadata.name}`;
  if (getString(service, 'spec', 'sessionAffinity') === 'ClientIP') {
    const sentence = `spec.sessionAffinity of ${name} is ClientIP: clients stay with the pod they have, so the canary gets its share of new clients only.`;
    return [{ reason: REASON.SessionsStay, sentence }];
  }
  if (getString(service, 'spec', 'clusterIP') === 'None') {
    const sentence = `spec.clusterIP of ${name} is None: its clients choose among the pods themselves, and the canary gets what they choose.`;
    return [{ reason: REASON.ClientsChoose, sentence }];
  }
  return [];
}
