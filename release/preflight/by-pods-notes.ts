import { getInteger, getString, getStringMap } from '../../lib/json.ts';
import type { KubeObject } from '../../api/kube.ts';
import { REASON } from '../../api/reasons.ts';
import type { Steering } from '../../providers/provider.ts';
import { mapSelects } from '../canary/index.ts';
import { templateLabels } from './services.ts';
import { nameOf, type Note } from './types.ts';

export interface Shared {
  target: KubeObject;
  services: readonly KubeObject[];
  /** of the steps, in percent */
  weights: readonly number[];
}

/** What a share of the pods is not: any share one likes, and a share of the clients that choose their pods themselves. */
export function notesByPods({ target, services, weights }: Shared, steering: Steering): Note[] {
  const labels = templateLabels(target);
  const fronting = services.filter((each) => mapSelects(getStringMap(each, 'spec', 'selector'), labels));
  return [...aboutWeights(target, weights, steering), ...fronting.flatMap(aboutClients)];
}

function aboutWeights(target: KubeObject, weights: readonly number[], steering: Steering): Note[] {
  const stable = getInteger(target, 'spec', 'replicas') ?? 1;
  const becomes = steering.becomes(weights, stable);
  if (becomes === undefined || becomes.exact) return [];
  const sentence = `Without a router weights are shares of whole pods: beside ${stable} pods of Deployment ${nameOf(target)} ${becomes.sentence}.`;
  return [{ reason: REASON.WeightsInPods, sentence }];
}

function aboutClients(service: KubeObject): Note[] {
  const name = `Service ${nameOf(service)}`;
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
