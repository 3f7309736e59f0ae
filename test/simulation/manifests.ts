import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';

/** Each object of admission mode with the name of its resource. */
export const holdPolicies = (): Policies =>
  policies('admission-mode', ['hold', 'keep', 'guard', 'fresh-start']);

/** The same for the guards of pause mode. */
export const pauseGuards = (): Policies => policies('pause-mode', ['pause-guard', 'promotion-guard']);

type Policies = [string, KubeObject][];

function policies(folder: string, names: readonly string[]): Policies {
  return names
    .flatMap((name) => manifest(`admission/${folder}/${name}`))
    .map((each) => {
      const plural = `${each.kind.toLowerCase()}s`.replace(/ys$/, 'ies');
      return [`${plural}.admissionregistration.k8s.io`, each];
    });
}

function manifest(path: string): KubeObject[] {
  const text = readFileSync(new URL(`../../manifests/${path}.yaml`, import.meta.url), 'utf8');
  return parseAllDocuments(text).map((document) => document.toJS() as KubeObject);
}

export function ownCrds(): KubeObject[] {
  return ['releases', 'releasepolicies', 'analysistemplates'].flatMap((name) => manifest(`crds/${name}`));
}
