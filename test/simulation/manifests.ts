import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { KubeObject } from '../../api/kube.ts';

/** Each object of admission mode with the name of its resource. */
export function holdPolicies(): [string, KubeObject][] {
  return ['hold', 'keep', 'guard', 'fresh-start']
    .flatMap((name) => manifest(`admission/admission-mode/${name}`))
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
