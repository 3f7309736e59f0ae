import type { Measurement, ShareQueries, Window } from '../../api/analysis.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';

/** Everything a worker needs to measure one window; plain JSON, so it can travel to another process. */
export interface QueueJob {
  /** "namespace/name" of the target; of two jobs with one id the older is of no use any more */
  id: string;
  window: Window;
  templates: BoundTemplate[];
  /** variables for query templates, unescaped */
  variables: Record<string, string>;
  /** everything is asked for as stable is */
  stableOnly?: boolean;
  /** also fetch stable's last hour */
  calibrate?: boolean;
  /** also count how many requests each arm got */
  share?: ShareQueries;
}

/** Runs measurement jobs somewhere. A crash loses a job: it is measured again, never counted twice. */
export interface MeasurementQueue {
  /** takes the place of a waiting job with the same id */
  submit(job: QueueJob): void;
  /** drops a waiting job, and the outcome of a running one */
  cancel(id: string): void;
  /** takes no more jobs; resolves when those running have ended */
  stop(): Promise<void>;
}

/** Called once for each job that was not replaced or cancelled. */
export type Measured = (job: QueueJob, measurements: Measurement[]) => void;
