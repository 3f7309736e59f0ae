import { basename } from 'node:path';
import type { AnalysisUse } from '../../api/kinds/policy/policy.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import type { JsonObject } from '../../lib/json.ts';
import { checkTemplate } from '../../analysis/measure/check.ts';
import { UsageError } from '../io.ts';
import { documentsOf, nameOf, refusal, specOf } from './documents.ts';

export interface TemplateFlags {
  template: string;
  /** choose the document with this metadata.name, if there are several */
  name?: string;
  /** each as "k=v" */
  args?: string[];
}

const KIND = 'AnalysisTemplate';

/**
 * The template in a file (a whole object, or only its spec) with its arguments: those of the policy that uses it, then
 * those of the flags. Throws a UsageError if something is wrong with it.
 */
export function loadTemplate(
  { template: file, name, args = [] }: TemplateFlags,
  uses: readonly AnalysisUse[] = [],
): BoundTemplate {
  const document = choose(documentsOf('--template', file, KIND), file, name);
  const label = nameOf(document) ?? basename(file);
  const path = `${KIND} ${label}: spec`;
  const parsed = parseTemplate(specOf(document), path);
  if (!parsed.ok) throw refusal(file, parsed.issues);
  const issues = checkTemplate(parsed.value, path);
  if (issues.length > 0) throw refusal(file, issues);
  const declared = parsed.value.args.map((arg) => arg.name);
  const used = Object.entries(uses.find((use) => use.template === label)?.args ?? {});
  const given = [...used.map(([key, value]) => `${key}=${value}`), ...args];
  return { use: { template: label, args: readArguments(given, declared) }, template: parsed.value };
}

function choose(templates: readonly JsonObject[], file: string, name: string | undefined): JsonObject {
  const found = templates.find((document) => name === undefined || nameOf(document) === name);
  if (found !== undefined) return found;
  const names = templates.map((document) => nameOf(document) ?? '(no name)');
  throw new UsageError(`--name: "${name ?? ''}" is not in "${file}"; name one of ${names.join(', ')}`);
}

function readArguments(given: readonly string[], declared: readonly string[]): Record<string, string> {
  const entries = given.map((text): [string, string] => {
    const [name = '', ...rest] = text.split('=');
    if (rest.length === 0) throw new UsageError(`--args: "${text}" has no value; give name=value`);
    if (!declared.includes(name)) {
      const remedy =
        declared.length === 0 ? 'the template declares none' : `give one of ${declared.join(', ')}`;
      throw new UsageError(`--args: "${name}" is not an argument of the template; ${remedy}`);
    }
    return [name, rest.join('=')];
  });
  return Object.fromEntries(entries);
}
