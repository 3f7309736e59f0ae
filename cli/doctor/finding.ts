import type { KubeClient } from '../../kube/client.ts';
import type { KubeObject } from '../../api/kube.ts';
import type { TargetName } from '../../api/target-key.ts';
import type { Io } from '../io.ts';

/** What `sluice doctor` looks at, in the order in which it tells of it. */
export const CHECKS = [
  'versions',
  'kinds',
  'hold',
  'policies',
  'rights',
  'lease',
  'clocks',
  'metrics',
] as const;

export interface Finding {
  check: (typeof CHECKS)[number];
  /** good; note: worth knowing, or it cannot be seen from here; bad: has to be put right */
  is: 'good' | 'note' | 'bad';
  sentence: string;
  /** what to do */
  remedy?: string;
}

/** What every check may look at. */
export interface Patient {
  io: Pick<Io, 'clock' | 'stop'>;
  client: KubeClient;
  /** the same with the name and the rights of the controller */
  asController: KubeClient;
  /** undefined: it is not installed in this cluster, or runs elsewhere */
  controller: KubeObject | undefined;
  /** Deployments that have opted in */
  targets: readonly TargetName[];
}
