import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KINDS } from '../../analysis/judge/kinds.ts';
import { METRIC_KINDS } from '../../api/kinds/template/metric.ts';
import { ROOT } from './root.ts';

const ROOMS = ['api', 'analysis', 'providers', 'release', 'kube', 'controller', 'cli'];

/** The files of a kind: its fields, and its folder. */
const fileOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const OWN = new RegExp(
  `^(api/kinds/template/kinds|analysis/judge)/(${METRIC_KINDS.map(fileOf).join('|')})(/|\\.)`,
);

const files = ROOMS.flatMap((room) =>
  readdirSync(join(ROOT, room), { recursive: true, encoding: 'utf8' }).map((name) => join(room, name)),
).filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts') && !OWN.test(path));

/**
 * Code that asks for the kind of a metric, of its stored statistics or of a measurement; also by `switch` and
 * by tables with its name.
 */
const asksFor = (name: string): RegExp =>
  new RegExp(`type [!=]== '${name}'|case '${name}'|\\[?'${name}'\\]?: |\\.includes\\('${name}'\\)`);

describe('outside its folder', () => {
  it.each(METRIC_KINDS)('nobody asks whether a metric is of kind %s', (name) => {
    expect(files.filter((path) => asksFor(name).test(readFileSync(join(ROOT, path), 'utf8')))).toEqual([]);
  });

  it.each(METRIC_KINDS)('nobody reaches into the folder of %s but the list', (name) => {
    const folder = new RegExp(`from '[^']*(judge/|\\./)${fileOf(name)}/`);
    const reaching = files.filter((path) => folder.test(readFileSync(join(ROOT, path), 'utf8')));
    expect(reaching).toEqual(['analysis/judge/list.ts']);
  });
});

describe('every kind of metric', () => {
  it('has fields and a judge, in the same order', () => {
    expect(KINDS.map(({ name }) => name)).toEqual(METRIC_KINDS);
  });

  it.each(KINDS)('$name is called like its folder and the file of its fields', ({ name }) => {
    expect(existsSync(join(ROOT, `analysis/judge/${fileOf(name)}/index.ts`))).toBe(true);
    expect(existsSync(join(ROOT, `api/kinds/template/kinds/${fileOf(name)}.ts`))).toBe(true);
  });
});
