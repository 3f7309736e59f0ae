import { ROOT } from '../../lib/place.ts';
import { readdirSync, readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';

const FOLDER = 'manifests/admission';

/** The policies of a hold mode and their bindings, as shipped with this version. */
export function shippedPolicies(mode: 'admission' | 'pause' = 'admission'): KubeObject[] {
  return shippedIn(`${FOLDER}/${mode}-mode`);
}

/** The policy that lets only the controller write Releases, and its binding. */
export const shippedFence = (): KubeObject[] => shippedObjects(`${FOLDER}/common/releases.yaml`);

/** The policies of every hold mode: that one, and what a Deployment may opt in with. */
export const shippedCommon = (): KubeObject[] => shippedIn(`${FOLDER}/common`);

/** The objects of every file of a folder of the package, in the order of the files' names. */
export function shippedIn(folder: string): KubeObject[] {
  const files = readdirSync(new URL(folder, ROOT)).filter(
    (file) => file.endsWith('.yaml') && file !== 'kustomization.yaml',
  );
  return files.sort().flatMap((file) => shippedObjects(`${folder}/${file}`));
}

/** The objects of one file of the package. */
export const shippedObjects = (path: string): KubeObject[] =>
  parseAllDocuments(readFileSync(new URL(path, ROOT), 'utf8'))
    .map((document) => document.toJS() as KubeObject | null)
    .filter((object) => object !== null);
