/** Admission policies and their bindings; what runs them is in ../admission. */
import { compile } from '../admission/cel.ts';
import { reasonOf } from '../admission/policy.ts';
import type { Causes } from '../errors.ts';
import { child, fill, get, isObject, list, object, objects, text, words } from '../json.ts';
import type { Json, JsonObject } from '../json.ts';
import { builtin } from '../registry/kind.ts';
import type { Kind, Strategy } from '../registry/kind.ts';
import { AGE, column, NAME } from './columns.ts';
import { specChanged } from './workloads.ts';

function defaultConstraints(constraints: Json | undefined): void {
  if (!isObject(constraints)) return;
  fill(constraints, 'matchPolicy', 'Equivalent');
  fill(constraints, 'namespaceSelector', {});
  fill(constraints, 'objectSelector', {});
  for (const rules of [constraints['resourceRules'], constraints['excludeResourceRules']])
    for (const rule of objects(rules)) fill(rule, 'scope', '*');
}

function checkExpression(value: Json | undefined, field: string, causes: Causes): void {
  if (text(value).trim() === '') {
    causes.required(field);
    return;
  }
  try {
    compile(text(value));
  } catch (error) {
    causes.invalid(field, value, `compilation failed: ${reasonOf(error)}`);
  }
}

/** Conditions, variables and constraints, which both kinds of policies have. */
function checkPolicy(spec: JsonObject, causes: Causes): void {
  const { failurePolicy } = spec;
  if (failurePolicy !== 'Fail' && failurePolicy !== 'Ignore')
    causes.unsupported('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']);
  if (list(get(spec, 'matchConstraints', 'resourceRules')).length === 0)
    causes.required('spec.matchConstraints.resourceRules');
  for (const part of ['matchConditions', 'variables']) {
    objects(spec[part]).forEach((entry, i) => {
      if (text(entry['name']) === '') causes.required(`spec.${part}[${i}].name`);
      checkExpression(entry['expression'], `spec.${part}[${i}].expression`, causes);
    });
  }
}

function checkMutations(spec: JsonObject, causes: Causes): void {
  const fields: Record<string, string> = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' };
  if (list(spec['mutations']).length === 0) causes.required('spec.mutations');
  objects(spec['mutations']).forEach((mutation, i) => {
    const at = `spec.mutations[${i}]`;
    const field = fields[text(mutation['patchType'])];
    if (field === undefined)
      causes.unsupported(`${at}.patchType`, mutation['patchType'], Object.keys(fields));
    else checkExpression(get(mutation[field], 'expression'), `${at}.${field}.expression`, causes);
  });
}

function checkValidations(spec: JsonObject, causes: Causes): void {
  if (list(spec['validations']).length + list(spec['auditAnnotations']).length === 0)
    causes.required('spec.validations', 'validations or auditAnnotations must contain at least one item');
  objects(spec['validations']).forEach((validation, i) => {
    const at = `spec.validations[${i}]`;
    checkExpression(validation['expression'], `${at}.expression`, causes);
    if (text(validation['messageExpression']) !== '')
      checkExpression(validation['messageExpression'], `${at}.messageExpression`, causes);
  });
}

const ACTIONS = ['Deny', 'Warn', 'Audit'];

function checkBinding(spec: JsonObject, causes: Causes): void {
  if (text(spec['policyName']) === '') causes.required('spec.policyName');
  if (isObject(spec['paramRef']) && text(spec['paramRef']['parameterNotFoundAction']) === '')
    causes.required('spec.paramRef.parameterNotFoundAction');
}

function checkActions(spec: JsonObject, causes: Causes): void {
  const actions = words(spec['validationActions']);
  if (actions.length === 0) causes.required('spec.validationActions');
  for (const action of actions)
    if (!ACTIONS.includes(action)) causes.unsupported('spec.validationActions', action, ACTIONS);
}

type Check = (spec: JsonObject, causes: Causes) => void;

const strategy = (defaults: (spec: JsonObject) => void, ...checks: Check[]): Strategy => ({
  generation: specChanged,
  defaults: (source) => defaults(child(source, 'spec')),
  validate: (source, causes) => checks.forEach((check) => check(object(source['spec']), causes)),
});

function defaultPolicy(spec: JsonObject): void {
  fill(spec, 'failurePolicy', 'Fail');
  defaultConstraints(spec['matchConstraints']);
}

function defaultMutating(spec: JsonObject): void {
  defaultPolicy(spec);
  fill(spec, 'reinvocationPolicy', 'Never');
}

const defaultBinding = (spec: JsonObject): void => defaultConstraints(spec['matchResources']);

const kind = (plural: string, name: string, of: Strategy): Kind =>
  builtin({
    group: 'admissionregistration.k8s.io',
    plural,
    kind: name,
    namespaced: false,
    columns: name.endsWith('Binding')
      ? [NAME, column('PolicyName', (o) => text(get(o, 'spec', 'policyName'))), AGE]
      : [NAME, AGE],
    strategy: of,
  });

export const ADMISSION_KINDS: Kind[] = [
  kind(
    'validatingadmissionpolicies',
    'ValidatingAdmissionPolicy',
    strategy(defaultPolicy, checkPolicy, checkValidations),
  ),
  kind(
    'validatingadmissionpolicybindings',
    'ValidatingAdmissionPolicyBinding',
    strategy(defaultBinding, checkBinding, checkActions),
  ),
  kind(
    'mutatingadmissionpolicies',
    'MutatingAdmissionPolicy',
    strategy(defaultMutating, checkPolicy, checkMutations),
  ),
  kind(
    'mutatingadmissionpolicybindings',
    'MutatingAdmissionPolicyBinding',
    strategy(defaultBinding, checkBinding),
  ),
];
