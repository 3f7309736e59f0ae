import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { getObject, getObjects, getString } from '../../api/json.ts';
import type { JsonObject, KubeObject } from '../../api/kube.ts';

/** A kind that others publish, by the name of its file in test/fixtures/crds. */
export type PublishedKind =
  | 'gateway-api-grpcroutes'
  | 'gateway-api-httproutes'
  | 'istio-destinationrules'
  | 'istio-virtualservices'
  | 'smi-trafficsplits';

/** Its CustomResourceDefinition: structure, defaults and limits, without CEL rules. */
export function publishedCrd(kind: PublishedKind): KubeObject {
  const path = fileURLToPath(new URL(`../fixtures/crds/${kind}.yaml`, import.meta.url));
  return parse(readFileSync(path, 'utf8')) as KubeObject;
}

/** The OpenAPI schema of one of its versions. */
export function publishedSchema(kind: PublishedKind, version: string): JsonObject {
  const versions = getObjects(publishedCrd(kind), 'spec', 'versions');
  const named = versions.find((each) => getString(each, 'name') === version);
  const schema = getObject(named, 'schema', 'openAPIV3Schema');
  if (schema === undefined) throw new Error(`${kind} has no version ${version}`);
  return schema;
}

/** Says what that schema finds wrong with an object: [] if nothing. */
export function publishedCheck(kind: PublishedKind, version: string): (object: KubeObject) => string[] {
  const check = new Ajv({ strict: false, validateFormats: false, allErrors: true }).compile(
    publishedSchema(kind, version),
  );
  return (object) =>
    check(object) ? [] : (check.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`);
}
