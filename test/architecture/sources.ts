import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = [
  'api',
  'analysis',
  'providers',
  'kube',
  'controller',
  'cli',
  'playground',
  'scripts',
  'test',
];

export interface Source {
  /** from the root, with forward slashes */
  path: string;
  /** files of ours that it imports, as paths from the root; dynamic imports and type imports count */
  imports: string[];
  /** packages and node: modules that it imports */
  packages: string[];
  /** uses of `process.exit`, `process.env` and `console`, as "line 12: process.env" */
  programOnly: string[];
}

/** All TypeScript files of the project, read once. */
export function readSources(): Source[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      .map((name) => readSource(join(folder, name))),
  );
}

/** What one file, given as text, imports and uses. */
export function readSource(path: string, text = readFileSync(join(ROOT, path), 'utf8')): Source {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const names = ts.preProcessFile(text, true, true).importedFiles.map((item) => item.fileName);
  const ours = names.filter((name) => name.startsWith('.'));
  return {
    path,
    imports: ours.map((name) => relative(ROOT, resolve(ROOT, dirname(path), name))),
    packages: names.filter((name) => !name.startsWith('.')),
    programOnly: programOnly(file),
  };
}

function programOnly(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const name = nameOf(node);
    if (name !== undefined) {
      const line = file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
      found.push(`line ${line}: ${name}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

const PROCESS = new Set(['exit', 'env']);

function nameOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node) && isIdentifier(node.expression, 'process')) {
    return PROCESS.has(node.name.text) ? `process.${node.name.text}` : undefined;
  }
  if (ts.isElementAccessExpression(node) && isIdentifier(node.expression, 'process')) {
    const { argumentExpression: key } = node;
    return ts.isStringLiteral(key) && PROCESS.has(key.text) ? `process.${key.text}` : undefined;
  }
  if (ts.isPropertyAccessExpression(node) && isIdentifier(node.expression, 'console')) return 'console';
  return ts.isImportSpecifier(node) && fromProcess(node) && PROCESS.has((node.propertyName ?? node.name).text)
    ? `process.${(node.propertyName ?? node.name).text}`
    : undefined;
}

function isIdentifier(node: ts.Node, text: string): boolean {
  return ts.isIdentifier(node) && node.text === text;
}

function fromProcess(node: ts.ImportSpecifier): boolean {
  const { moduleSpecifier } = node.parent.parent.parent;
  return ts.isStringLiteral(moduleSpecifier) && /^(node:)?process$/.test(moduleSpecifier.text);
}
