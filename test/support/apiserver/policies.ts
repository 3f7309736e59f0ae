import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import type { JsonObject } from '../../../playground/apiserver/json.ts';
import { object, objects, text, words } from '../../../playground/apiserver/json.ts';
import type { TestClient } from './client.ts';

const MANIFESTS = new URL('../../../manifests/', import.meta.url);
export const CONTROLLER = 'system:serviceaccount:sluice-system:sluice';

/** The objects of a manifest, or of all resources of a kustomization (a path that ends in "/"). */
export function manifests(path: string): JsonObject[] {
  const read = (file: string): JsonObject[] =>
    parseAllDocuments(readFileSync(new URL(file, MANIFESTS), 'utf8')).map((doc) =>
      object(doc.toJS() as JsonObject),
    );
  if (!path.endsWith('/')) return read(path);
  const resources = objects(read(`${path}kustomization.yaml`)).flatMap(({ resources: list }) => words(list));
  return resources.flatMap((name) => manifests(`${path}${name}${name.endsWith('.yaml') ? '' : '/'}`));
}

const plural = (kind: string): string => `${kind.toLowerCase()}s`.replace(/ys$/, 'ies');

/** Creates cluster-scoped objects as the administrator; throws if one is refused. */
export async function install(client: TestClient, ...all: JsonObject[]): Promise<void> {
  for (const each of all) {
    const made = await client.post(`/apis/${text(each['apiVersion'])}/${plural(text(each['kind']))}`, each);
    if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  }
}
