import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { getString, isObject } from '../../lib/json.ts';
import { parseTemplate } from '../../api/kinds/template/template.ts';
import { formatIssue, type Issue } from '../../lib/result.ts';
import type { BoundTemplate } from '../../api/kinds/template/bound.ts';
import { checkTemplate } from '../../analysis/judge/core/check.ts';
import { UsageError } from '../io.ts';

export interface TemplateFlags {
  template: string;
  /** of several documents the one with this metadata.name */
  name?: string;
  /** "k=v" each */
  args?: string[];
}

const KIND = 'AnalysisTemplate';

/** The template of a file (a whole object, or its spec alone) with its arguments; what is wrong with it is a UsageError. */
export function loadTemplate({ template: file, name, args = [] }: TemplateFlags): BoundTemplate {
  const document = choose(readDocuments(file), file, name);
  const whole = isObject(document) && 'spec' in document;
  const label = getString(document, 'metadata', 'name') ?? basename(file);
  const path = `${KIND} ${label}: spec`;
  const parsed = parseTemplate(whole ? document['spec'] : document, path);
  if (!parsed.ok) throw refusal(file, parsed.issues);
  const issues = checkTemplate(parsed.value, path);
  if (issues.length > 0) throw refusal(file, issues);
  const declared = parsed.value.args.map((arg) => arg.name);
  return { use: { template: label, args: readArguments(args, declared) }, template: parsed.value };
}

function readDocuments(file: string): unknown[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`--template: "${file}" cannot be read (${code}); give the path of a YAML file`, {
      cause,
    });
  }
  return parseAllDocuments(text).map((document) => {
    const [error] = document.errors;
    if (error === undefined) return document.toJS({ maxAliasCount: 100 }) as unknown;
    throw new UsageError(
      `--template: "${file}" is not YAML (${error.message.split('\n', 1)[0] ?? ''}); correct it`,
    );
  });
}

function choose(documents: readonly unknown[], file: string, name: string | undefined): unknown {
  const templates = documents.filter((document) => isObject(document) && (document['kind'] ?? KIND) === KIND);
  const found = templates.find(
    (document) => name === undefined || getString(document, 'metadata', 'name') === name,
  );
  if (found !== undefined) return found;
  const names = templates.map((document) => getString(document, 'metadata', 'name') ?? '(no name)');
  if (names.length === 0) {
    throw new UsageError(
      `--template: "${file}" holds no ${KIND}; give a file with one, or with its spec alone`,
    );
  }
  throw new UsageError(`--name: "${name ?? ''}" is not in "${file}"; name one of ${names.join(', ')}`);
}

function refusal(file: string, issues: readonly Issue[]): UsageError {
  return new UsageError(issues.map((issue) => `${file}: ${formatIssue(issue)}`).join('\nsluice: '));
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
