import { ApiError } from '../errors.ts';
import { get, words } from '../json.ts';
import { nameOf, scopeOf } from './attributes.ts';
import type { Attributes } from './attributes.ts';
import { boundTo, paramsFor } from './bindings.ts';
import type { Bound, Source } from './bindings.ts';
import { toCel } from './cel.ts';
import type { Scope } from './cel.ts';
import { reasonOf } from '../cel/check.ts';
import { applies, validatingPolicy, withVariables } from './policy.ts';
import type { ValidatingPolicy, Validation } from './policy.ts';

interface Finding {
  message: string;
  reason: string;
}

const CODES: Record<string, number> = {
  Unauthorized: 401,
  Forbidden: 403,
  Invalid: 422,
  RequestEntityTooLarge: 413,
};

/** Runs the validating policies; returns the warnings for the client, throws an ApiError for a denial. */
export function validate(source: Source, attributes: Attributes): string[] {
  const warnings: string[] = [];
  for (const bound of boundTo(source, 'validating', validatingPolicy, attributes)) {
    const findings = findingsOf(source, bound, attributes);
    const actions = words(get(bound.binding, 'spec', 'validationActions'));
    const [first] = findings;
    if (first && actions.includes('Deny')) throw denial(bound, attributes, first);
    if (actions.includes('Warn')) warnings.push(...findings.map((finding) => warning(bound, finding)));
  }
  return warnings;
}

function findingsOf(source: Source, bound: Bound<ValidatingPolicy>, attributes: Attributes): Finding[] {
  const { policy } = bound;
  try {
    const base = scopeOf(attributes);
    return paramsFor(source, bound, attributes).flatMap((params) => {
      const scope = { ...base, params: toCel(params) };
      return applies(policy, scope) ? judge(policy, withVariables(policy, scope)) : [];
    });
  } catch (error) {
    return policy.fails ? [{ message: reasonOf(error), reason: 'Invalid' }] : [];
  }
}

function judge(policy: ValidatingPolicy, scope: Scope): Finding[] {
  return policy.validations.flatMap((validation) => {
    try {
      if (validation.run(scope) === true) return [];
      return [{ message: messageOf(validation, scope), reason: validation.reason }];
    } catch (error) {
      const message = `expression '${validation.source}' resulted in error: ${reasonOf(error)}`;
      return policy.fails ? [{ message, reason: validation.reason }] : [];
    }
  });
}

/** A messageExpression that fails, or does not give one line of text, is ignored. */
function messageOf(validation: Validation, scope: Scope): string {
  const otherwise = validation.message || `failed expression: ${validation.source}`;
  try {
    const made = validation.messageOf?.(scope);
    return typeof made === 'string' && made.trim() !== '' && !made.includes('\n') ? made : otherwise;
  } catch {
    return otherwise;
  }
}

function warning({ policy, binding }: Bound<ValidatingPolicy>, { message }: Finding): string {
  return `Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${nameOf(binding)}': ${message}`;
}

function denial(bound: Bound<ValidatingPolicy>, { target, name }: Attributes, finding: Finding): ApiError {
  const { group, plural } = target.kind;
  const resource = group === '' ? plural : `${plural}.${group}`;
  const who = `ValidatingAdmissionPolicy '${bound.policy.name}' with binding '${nameOf(bound.binding)}'`;
  const why = `${who} denied request: ${finding.message}`;
  const code = CODES[finding.reason] ?? 422;
  return new ApiError(code, finding.reason, `${resource} "${name}" is forbidden: ${why}`, {
    name,
    ...(group === '' ? {} : { group }),
    kind: plural,
    causes: [{ message: why }],
  });
}
