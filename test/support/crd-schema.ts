import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { getObject, getObjects, getString } from '../../api/json.ts';
import type { KubeObject } from '../../api/kube.ts';

export interface CrdSchema {
  /** undefined: there is a schema; else why there is none */
  absent: string | undefined;
  /** what the schema finds wrong; [] where there is none */
  validate: (object: KubeObject) => string[];
}

/** A CustomResourceDefinition from beside the project; undefined where it is not present. */
export function crdObject(file: string): KubeObject | undefined {
  const path = fileURLToPath(new URL(`../../../shared/crds/${file}`, import.meta.url));
  return existsSync(path) ? (parse(readFileSync(path, 'utf8')) as KubeObject) : undefined;
}

/** Without its CEL rules: structure, defaults and ranges alone. */
export function withoutRules<T>(value: T): T {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) => (key === 'x-kubernetes-validations' ? undefined : item)),
  ) as T;
}

/** The OpenAPI schema of one version of such a definition. */
export function crdSchema(file: string, version: string): CrdSchema {
  const crd = crdObject(file);
  if (crd === undefined) return { absent: `${file} is not present`, validate: () => [] };
  const versions = getObjects(crd, 'spec', 'versions');
  const schema = getObject(
    versions.find((each) => getString(each, 'name') === version),
    'schema',
    'openAPIV3Schema',
  );
  if (schema === undefined) throw new Error(`${file} has no version ${version}`);
  const check = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
  return {
    absent: undefined,
    validate: (object) =>
      check(object)
        ? []
        : (check.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`),
  };
}
