/** Admission policies and their bindings; the code in ../admission runs them. */
import { typeIn, wrongIn, type Declared, type Wanted } from '../admission/typing.ts';
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

interface Expected {
  wanted: readonly Wanted[];
  declared: Declared;
  causes: Causes;
}

function checkExpression(
  value: Json | undefined,
  field: string,
  { wanted, declared, causes }: Expected,
): void {
  if (text(value).trim() === '') {
    causes.required(field);
    return;
  }
  const wrong = wrongIn(declared, text(value), wanted);
  if (wrong !== undefined) causes.invalid(field, value, wrong);
}

/** The names that conditions may use. */
const bare = (spec: JsonObject): Declared => ({ params: isObject(spec['paramKind']), constructs: false });

/** A variable may use those before it; an error in one is reported at its own place. */
function variablesOf(spec: JsonObject): Record<string, string> | undefined {
  const variables: Record<string, string> = {};
  for (const entry of objects(spec['variables'])) {
    let type = 'dyn';
    try {
      type = typeIn({ ...bare(spec), variables }, text(entry['expression']));
    } catch {
      // The variable's own place reports it.
    }
    variables[text(entry['name'])] = type;
  }
  return Object.keys(variables).length === 0 ? undefined : variables;
}

/** The names that all other expressions may use. */
function full(spec: JsonObject, constructs = false): Declared {
  const variables = variablesOf(spec);
  return { ...bare(spec), constructs, ...(variables === undefined ? {} : { variables }) };
}

/** Checks conditions, variables and constraints, which both kinds of policies have. */
function checkPolicy(spec: JsonObject, causes: Causes): void {
  const { failurePolicy } = spec;
  if (failurePolicy !== 'Fail' && failurePolicy !== 'Ignore')
    causes.unsupported('spec.failurePolicy', failurePolicy, ['Fail', 'Ignore']);
  if (list(get(spec, 'matchConstraints', 'resourceRules')).length === 0)
    causes.required('spec.matchConstraints.resourceRules');
  objects(spec['matchConditions']).forEach((entry, i) => {
    const at = `spec.matchConditions[${i}]`;
    if (text(entry['name']) === '') causes.required(`${at}.name`);
    checkExpression(entry['expression'], `${at}.expression`, {
      wanted: ['bool'],
      declared: bare(spec),
      causes,
    });
  });
  checkVariables(spec, causes);
}

function checkVariables(spec: JsonObject, causes: Causes): void {
  const variables = objects(spec['variables']);
  variables.forEach((entry, i) => {
    const at = `spec.variables[${i}]`;
    if (text(entry['name']) === '') causes.required(`${at}.name`);
    const before = {
      ...bare(spec),
      variables: variablesOf({ ...spec, variables: variables.slice(0, i) }) ?? {},
    };
    checkExpression(entry['expression'], `${at}.expression`, { wanted: [], declared: before, causes });
  });
}

const PATCHES: Record<string, { field: string; wanted: Wanted[] }> = {
  ApplyConfiguration: { field: 'applyConfiguration', wanted: ['Object'] },
  JSONPatch: { field: 'jsonPatch', wanted: ['list(JSONPatch)'] },
};

function checkMutations(spec: JsonObject, causes: Causes): void {
  if (list(spec['mutations']).length === 0) causes.required('spec.mutations');
  const declared = full(spec, true);
  objects(spec['mutations']).forEach((mutation, i) => {
    const at = `spec.mutations[${i}]`;
    const patch = PATCHES[text(mutation['patchType'])];
    if (patch === undefined)
      return causes.unsupported(`${at}.patchType`, mutation['patchType'], Object.keys(PATCHES));
    const { field, wanted } = patch;
    checkExpression(get(mutation[field], 'expression'), `${at}.${field}.expression`, {
      wanted,
      declared,
      causes,
    });
  });
}

function checkValidations(spec: JsonObject, causes: Causes): void {
  if (list(spec['validations']).length + list(spec['auditAnnotations']).length === 0)
    causes.required('spec.validations', 'validations or auditAnnotations must contain at least one item');
  const declared = full(spec);
  const check = (value: Json | undefined, field: string, ...wanted: Wanted[]): void =>
    checkExpression(value, field, { wanted, declared, causes });
  objects(spec['validations']).forEach((validation, i) => {
    const at = `spec.validations[${i}]`;
    check(validation['expression'], `${at}.expression`, 'bool');
    if (text(validation['messageExpression']) !== '')
      check(validation['messageExpression'], `${at}.messageExpression`, 'string');
  });
  objects(spec['auditAnnotations']).forEach((annotation, i) =>
    check(
      annotation['valueExpression'],
      `spec.auditAnnotations[${i}].valueExpression`,
      'string',
      'null_type',
    ),
  );
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
