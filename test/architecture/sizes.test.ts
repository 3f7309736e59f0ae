import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { ROOT } from './root.ts';

const ROOMS = '{lib,api,analysis,providers,release,kube,controller,cli,playground,scripts}';

const files = globSync(`${ROOMS}/**/*.ts`, { cwd: ROOT })
  .filter((path) => !path.endsWith('.test.ts'))
  .map((path) => ts.createSourceFile(path, readFileSync(join(ROOT, path), 'utf8'), ts.ScriptTarget.ES2024));

const lineAt = (file: ts.SourceFile, position: number): number =>
  file.getLineAndCharacterOfPosition(position).line;

/** The lines of each function that has statements; functions within it count as its part. */
function functionsOf(file: ts.SourceFile): number[] {
  const found: number[] = [];
  const visit = (node: ts.Node): void => {
    const body = ts.isFunctionLike(node) && 'body' in node ? (node.body as ts.Node | undefined) : undefined;
    if (body?.kind !== ts.SyntaxKind.Block) ts.forEachChild(node, visit);
    else found.push(lineAt(file, node.end) - lineAt(file, node.getStart(file)) + 1);
  };
  visit(file);
  return found;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)] ?? Infinity;

/**
 * eslint.config.js limits every single file and function (400 and 60 lines of code); this test keeps most of
 * them far below.
 */
describe('most of the house is small', () => {
  it('half of all files have 120 lines at most', () => {
    expect(files.length).toBeGreaterThan(300);
    expect(median(files.map((file) => lineAt(file, file.end)))).toBeLessThanOrEqual(120);
  });

  it('half of all functions have 12 lines at most', () => {
    const functions = files.flatMap(functionsOf);
    expect(functions.length).toBeGreaterThan(files.length);
    expect(median(functions)).toBeLessThanOrEqual(12);
  });

  it('is measured by whole functions, and the middle one of three is the median', () => {
    const text = 'function a() {\n  return () => {\n    b();\n  };\n}\nclass C {\n  get d() { return 1; }\n}';
    expect(functionsOf(ts.createSourceFile('a.ts', text, ts.ScriptTarget.ES2024))).toEqual([5, 1]);
    expect(median([400, 1, 7])).toBe(7);
  });
});
