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

/** The pod a series is of, if it is labelled with one. */
export function podOf({ labels }: Pick<Timeline, 'labels'>): string | undefined {
  return POD_LABELS.map((label) => labels[label]).find((name) => name !== undefined);
}

/** Do the pods' requests make up the whole? Otherwise some series cannot be attributed, and none is. */
export function complete(pods: readonly number[], whole: number): boolean {
  const sum = pods.reduce((total, requests) => total + requests, 0);
  return whole > 0 && Math.abs(sum - whole) <= 1e-6 * whole;
}
