import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { getString, isObject, type JsonObject } from '../../lib/json.ts';
import { formatIssue, type Issue } from '../../lib/result.ts';
import { UsageError } from '../io.ts';

/**
 * The objects of one kind in the file of a flag; the file may also hold only a spec. Throws a UsageError if there are no
 * such objects.
 */
export function documentsOf(flag: string, file: string, kind: string): JsonObject[] {
  const documents = parseAllDocuments(readText(flag, file)).map((document) => {
    const [error] = document.errors;
    if (error === undefined) return document.toJS({ maxAliasCount: 100 }) as unknown;
    throw new UsageError(
      `${flag}: "${file}" is not YAML (${error.message.split('\n', 1)[0] ?? ''}); correct it`,
    );
  });
  const found = documents.filter(isObject).filter((each) => (each['kind'] ?? kind) === kind);
  if (found.length > 0) return found;
  throw new UsageError(`${flag}: "${file}" holds no ${kind}; give a file with one, or with its spec alone`);
}

function readText(flag: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new UsageError(`${flag}: "${file}" cannot be read (${code}); give the path of a YAML file`, {
      cause,
    });
  }
}

export const nameOf = (document: JsonObject): string | undefined => getString(document, 'metadata', 'name');

export const specOf = (document: JsonObject): unknown => ('spec' in document ? document['spec'] : document);

export const refusal = (file: string, issues: readonly Issue[]): UsageError =>
  new UsageError(issues.map((issue) => `${file}: ${formatIssue(issue)}`).join('\nsluice: '));
