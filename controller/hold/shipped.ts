import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';

const FOLDER = new URL('../../manifests/admission/admission-mode/', import.meta.url);

/** The policies of admission mode and their bindings, as this version was built with. */
export function shippedPolicies(): KubeObject[] {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
  return files
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(new URL(file, FOLDER), 'utf8')))
    .map((document) => document.toJS() as KubeObject);
}
