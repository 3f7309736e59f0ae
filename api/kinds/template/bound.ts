import type { AnalysisUse } from '../policy/policy.ts';
import type { AnalysisTemplate } from './template.ts';

/** A template bound to the arguments a policy gave it. */
export interface BoundTemplate {
  use: AnalysisUse;
  template: AnalysisTemplate;
  /** it lies in the controller's namespace, or is built in: no tenant wrote it */
  shared?: true;
  /** the label that series must have, and the metrics that may read only such series */
  fence?: Fence;
}

export interface Fence {
  label: string;
  value: string;
  /** names of the metrics */
  metrics: string[];
}
