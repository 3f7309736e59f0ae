import type { Schema } from '../../lib/schema/schema.ts';
import type { Resource } from '../kube.ts';
import { RESOURCES } from '../resources.ts';
import { RELEASE_POLICY } from './policy/policy.ts';
import { RELEASE_SPEC } from './release/spec.ts';
import { RELEASE_STATUS } from './release/status.ts';
import { ANALYSIS_TEMPLATE } from './template/template.ts';

/** One of Sluice's own kinds; `npm run generate` writes its CRD and its page from this. */
export interface Kind {
  resource: Resource;
  description: string;
  spec: Schema<unknown>;
  /** its status, a subresource; absent: the kind has no status */
  status?: Schema<unknown>;
  /** what `kubectl get` shows, besides the age */
  columns: readonly Column[];
  /** the page with the table of its fields */
  page: string;
}

interface Column {
  name: string;
  type: 'string' | 'number';
  jsonPath: string;
}

const text = (name: string, jsonPath: string): Column => ({ name, type: 'string', jsonPath });

export const KINDS: readonly Kind[] = [
  {
    resource: RESOURCES.releasePolicies,
    description:
      'How a change of a Deployment is delivered. Fields left out take the values of the built-in policy "default".',
    spec: RELEASE_POLICY,
    columns: [
      text('Provider', '.spec.provider'),
      text('Strategy', '.spec.strategy'),
      text('Steps', '.spec.steps[*].weight'),
    ],
    page: 'docs/release-policy.md',
  },
  {
    resource: RESOURCES.analysisTemplates,
    description: 'What is measured while a canary takes traffic, and how it is judged.',
    spec: ANALYSIS_TEMPLATE,
    columns: [text('Metrics', '.spec.metrics[*].name'), text('Interval', '.spec.interval')],
    page: 'docs/analysis-template.md',
  },
  {
    resource: RESOURCES.releases,
    description:
      'One attempt to deliver one revision of a Deployment, and its audit trail. Made by Sluice only.',
    spec: RELEASE_SPEC,
    status: RELEASE_STATUS,
    columns: [
      text('Target', '.spec.target.name'),
      text('Phase', '.status.phase'),
      text('Step', '.status.stepOf'),
      { name: 'Weight', type: 'number', jsonPath: '.status.observedWeight' },
      text('Verdict', '.status.verdict.result'),
      text('Reason', '.status.reason'),
      text('Image', '.spec.canary.template.spec.containers[0].image'),
    ],
    page: 'docs/release.md',
  },
];
