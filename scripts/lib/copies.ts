import { basename } from 'node:path';
import { KINDS } from '../../api/kinds/kinds.ts';

/** Helm and kustomize read nothing outside their own folder, so both get copies of files from manifests/. */
const TO = 'manifests/chart/files';
const CRDS = KINDS.map(({ resource }) => `manifests/crds/${resource.plural}.yaml`);
const RBAC = ['account', 'bindings', 'clusterrole', 'people', 'role'].map(
  (name) => `manifests/rbac/${name}.yaml`,
);
const ADMISSION = [
  ...['policy-annotation', 'releases'].map((name) => `common/${name}`),
  ...['fresh-start', 'guard', 'hold', 'keep'].map((name) => `admission-mode/${name}`),
  ...['pause-guard', 'promotion-guard'].map((name) => `pause-mode/${name}`),
].map((name) => `manifests/admission/${name}.yaml`);

/** Copies, and their wanted content: from `now`, if that writes the original as well. */
export function writtenCopies(
  read: (path: string) => string,
  now: Readonly<Record<string, string>>,
): Record<string, string> {
  const copy = (path: string): [string, string] => [
    path.replace('manifests', TO),
    `# A copy of ${path}, by \`npm run generate\`.\n${now[path] ?? read(path)}`,
  ];
  return {
    ...Object.fromEntries([...CRDS, ...RBAC, ...ADMISSION].map(copy)),
    [`${TO}/crds/kustomization.yaml`]: kustomization(CRDS),
    [`${TO}/rbac/kustomization.yaml`]: kustomization(RBAC),
  };
}

const kustomization = (paths: readonly string[]): string =>
  [
    '# For manifests/deploy, by `npm run generate`.',
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    `resources: [${paths.map((path) => basename(path)).join(', ')}]`,
    '',
  ].join('\n');
