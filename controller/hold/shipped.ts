import { ROOT } from '../../lib/place.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';

const FOLDER = new URL('manifests/admission/', ROOT);

/** The policies of admission mode and their bindings, as shipped with this version. */
export function shippedPolicies(): KubeObject[] {
  const folder = new URL('admission-mode/', FOLDER);
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
  return files.sort().flatMap((file) => objectsIn(new URL(file, folder)));
}

/** The policy that lets only the controller write Releases, and its binding. */
export const shippedFence = (): KubeObject[] => objectsIn(new URL('common/releases.yaml', FOLDER));

const objectsIn = (file: URL): KubeObject[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS() as KubeObject);
