import { RESOURCES } from '../api/resources.ts';
import type { ObjectRef } from '../api/kube.ts';
import { UsageError } from './io.ts';

const KINDS: ReadonlySet<string> = new Set([
  'deployment',
  'deployments',
  'deploy',
  'deployment.apps',
  'deployments.apps',
]);
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;

/** "deployment/x", "deploy/x" or "x" → "x"; anything else is a UsageError. */
export function parseTarget(text: string): string {
  const [first = '', second, ...more] = text.split('/');
  const [kind, name] = second === undefined ? ['deployment', first] : [first, second];
  if (more.length > 0 || !KINDS.has(kind.toLowerCase()) || !NAME.test(name)) {
    throw new UsageError(`target: "${text}" is not a Deployment; give deployment/<name>`);
  }
  return name;
}

export function deploymentRef(namespace: string, name: string): ObjectRef {
  return { resource: RESOURCES.deployments, namespace, name };
}
