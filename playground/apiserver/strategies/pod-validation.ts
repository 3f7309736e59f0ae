import type { Causes } from '../errors.ts';
import { get, number, objects, text, word } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { dnsLabel } from './names.ts';

const PROTOCOLS = ['SCTP', 'TCP', 'UDP'];
const ENV_NAME = /^[^=\x00-\x1f\x7f]+$/;
const ENV_RULE =
  "a valid environment variable name must consist only of printable ASCII characters other than '='";
const POLICIES = ['Always', 'IfNotPresent', 'Never'];

/** Checks the pod spec of a Pod or a template; `restartPolicies` are the values allowed there. */
export function validatePodSpec(
  spec: JsonObject,
  field: string,
  causes: Causes,
  restartPolicies?: string[],
): void {
  const volumes = new Set(objects(spec['volumes']).map((volume) => text(volume['name'])));
  const containers = objects(spec['containers']);
  if (containers.length === 0) causes.required(`${field}.containers`);
  const names = new Set<string>();
  for (const list of ['initContainers', 'containers']) {
    objects(spec[list]).forEach((container, i) => {
      const at = `${field}.${list}[${i}]`;
      const name = text(container['name']);
      if (names.has(name) && name !== '') causes.duplicate(`${at}.name`, name);
      names.add(name);
      validateContainer(container, at, volumes, causes);
    });
  }
  const policy = text(spec['restartPolicy']);
  const allowed = restartPolicies ?? ['Always', 'Never', 'OnFailure'];
  if (!allowed.includes(policy)) causes.unsupported(`${field}.restartPolicy`, policy, allowed);
  const grace = number(spec['terminationGracePeriodSeconds']) ?? 0;
  if (grace < 0)
    causes.invalid(`${field}.terminationGracePeriodSeconds`, grace, 'must be greater than or equal to 0');
}

function validateContainer(container: JsonObject, at: string, volumes: Set<string>, causes: Causes): void {
  const name = text(container['name']);
  const wrong = dnsLabel(name);
  if (name === '') causes.required(`${at}.name`);
  else if (wrong !== undefined) causes.invalid(`${at}.name`, name, wrong);
  if (text(container['image']) === '') causes.required(`${at}.image`);
  const policy = text(container['imagePullPolicy']);
  if (!POLICIES.includes(policy)) causes.unsupported(`${at}.imagePullPolicy`, policy, POLICIES);
  validatePorts(container, at, causes);
  objects(container['env']).forEach((entry, i) => {
    const key = text(entry['name']);
    if (key === '') causes.required(`${at}.env[${i}].name`);
    else if (!ENV_NAME.test(key)) causes.invalid(`${at}.env[${i}].name`, key, ENV_RULE);
  });
  objects(container['volumeMounts']).forEach((mount, i) => {
    const volume = text(mount['name']);
    if (!volumes.has(volume)) causes.notFound(`${at}.volumeMounts[${i}].name`, volume);
    if (text(mount['mountPath']) === '') causes.required(`${at}.volumeMounts[${i}].mountPath`);
  });
}

function validatePorts(container: JsonObject, at: string, causes: Causes): void {
  const names = new Set<string>();
  objects(container['ports']).forEach((port, i) => {
    const value = number(port['containerPort']) ?? 0;
    if (value < 1 || value > 65535) {
      causes.invalid(`${at}.ports[${i}].containerPort`, value, 'must be between 1 and 65535, inclusive');
    }
    const protocol = text(port['protocol']);
    if (!PROTOCOLS.includes(protocol)) causes.unsupported(`${at}.ports[${i}].protocol`, protocol, PROTOCOLS);
    const name = text(port['name']);
    if (name !== '' && names.has(name)) causes.duplicate(`${at}.ports[${i}].name`, name);
    names.add(name);
  });
}

/** Two ports of one container with the same number and protocol are accepted, with a warning. */
export function portWarnings(spec: JsonObject, field: string): string[] {
  const out: string[] = [];
  objects(spec['containers']).forEach((container, c) => {
    const seen = new Map<string, string>();
    objects(container['ports']).forEach((port, i) => {
      const at = `${field}.containers[${c}].ports[${i}]`;
      const key = `${word(port['containerPort'])}/${text(port['protocol'])}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, at);
      else out.push(`${at}: duplicate port definition with ${first}`);
    });
  });
  return out;
}

export function templateSpec(object: JsonObject): JsonObject {
  const spec = get(object, 'spec', 'template', 'spec');
  return (spec ?? {}) as JsonObject;
}
