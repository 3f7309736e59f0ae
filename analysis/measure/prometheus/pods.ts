import type { Arm } from '../../../api/query.ts';
import type { Timeline } from './deltas.ts';
import type { Job } from '../job.ts';

/** Labels in which scrape configurations keep the name of the pod that was scraped. */
const POD_LABELS = ['pod', 'kubernetes_pod_name', 'exported_pod'];

/** Names of the arm's pods, as the API server lists them. */
export function podNames(job: Job, arm: Arm): string[] {
  const list = job.variables[arm]['pods'] ?? '';
  return list === '' ? [] : list.split(',');
}

/** The pod that a series belongs to, if a label names one. */
export function podOf({ labels }: Pick<Timeline, 'labels'>): string | undefined {
  return POD_LABELS.map((label) => labels[label]).find((name) => name !== undefined);
}

/** Do the pods' requests make up the whole? Otherwise some requests belong to no pod, and none are attributed to pods. */
export function complete(pods: readonly number[], whole: number): boolean {
  const sum = pods.reduce((total, requests) => total + requests, 0);
  return whole > 0 && Math.abs(sum - whole) <= 1e-6 * whole;
}
