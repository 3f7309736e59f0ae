import { describe, expect, it } from 'vitest';
import { DOORS, MAY_IMPORT, PACKAGES, PROGRAMS, roomOf, type Room } from './rooms.ts';
import { readSource, readSources, type Source } from './sources.ts';

const sources = readSources();

/** Each import that the table does not allow, as one line. */
function breaches(files: readonly Source[]): string[] {
  return files.flatMap(({ path, imports, packages }) => {
    const room = roomOf(path);
    if (room === undefined) return [`${path} lies in no room`];
    if (room === 'test') return [];
    const closed = imports.filter((imported) => {
      const other = roomOf(imported);
      if (other === room || DOORS.includes(`${path} → ${imported}`)) return false;
      return other === undefined || !MAY_IMPORT[room].includes(other);
    });
    const foreign = packages.filter((name) => PACKAGES[room]?.includes(name) === false);
    return [...closed, ...foreign].map((name) => `${path} (${room}) may not import ${name}`);
  });
}

/** Which rooms really import which, without doors and tests. */
function roomGraph(files: readonly Source[]): Map<Room, Set<Room>> {
  const graph = new Map<Room, Set<Room>>();
  for (const { path, imports } of files) {
    const room = roomOf(path);
    if (room === undefined || room === 'test') continue;
    const others = graph.get(room) ?? new Set<Room>();
    for (const imported of imports) {
      const other = roomOf(imported);
      if (other !== undefined && other !== room && !DOORS.includes(`${path} → ${imported}`))
        others.add(other);
    }
    graph.set(room, others);
  }
  return graph;
}

/** A way from a room back to itself, if there is one. */
function findCycle(graph: ReadonlyMap<Room, ReadonlySet<Room>>): Room[] | undefined {
  const search = (way: Room[]): Room[] | undefined => {
    for (const next of graph.get(way.at(-1) ?? 'api') ?? []) {
      if (way.includes(next)) return [...way, next];
      const found = search([...way, next]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return [...graph.keys()].map((room) => search([room])).find((cycle) => cycle !== undefined);
}

const strayProgramUses = (files: readonly Source[]) =>
  files
    .filter(({ path }) => !PROGRAMS.test(path) && roomOf(path) !== 'test')
    .flatMap(({ path, programOnly }) => programOnly.map((use) => `${path} ${use}`));

describe('imports', () => {
  it('go only where docs/architecture.md lets them', () => {
    expect(sources.length).toBeGreaterThan(50);
    expect(breaches(sources)).toEqual([]);
  });

  it('make no cycle between rooms', () => {
    expect(findCycle(roomGraph(sources))).toBeUndefined();
  });

  it('of everything that runs never lead into tests', () => {
    const lead = sources.filter((source) => roomOf(source.path) !== 'test');
    expect(
      lead.flatMap(({ path, imports }) =>
        imports.filter((name) => roomOf(name) === 'test').map((name) => `${path} → ${name}`),
      ),
    ).toEqual([]);
  });
});

describe('process.exit, process.env and console', () => {
  it('stand only in the one file per program', () => {
    expect(strayProgramUses(sources)).toEqual([]);
  });
});

describe('the walker', () => {
  it.each([
    {
      path: 'api/x.ts',
      text: "import { a } from '../kube/client.ts';",
      want: 'may not import kube/client.ts',
    },
    {
      path: 'api/x.ts',
      text: "import type { A } from '../kube/types.ts';",
      want: 'may not import kube/types.ts',
    },
    { path: 'api/x.ts', text: "import fs from 'node:fs';", want: 'may not import node:fs' },
    {
      path: 'analysis/stats/x.ts',
      text: "export * from '../../api/json.ts';",
      want: 'may not import api/json.ts',
    },
    {
      path: 'kube/x.ts',
      text: "const m = await import('../controller/main.ts');",
      want: 'may not import controller/main.ts',
    },
    {
      path: 'controller/rules/x.ts',
      text: "import '../../kube/client.ts';",
      want: 'may not import kube/client.ts',
    },
    { path: 'controller/x.ts', text: "import '../cli/io.ts';", want: 'may not import cli/io.ts' },
    { path: 'cli/x.ts', text: "import '../controller/main.ts';", want: 'may not import controller/main.ts' },
    {
      path: 'playground/x.ts',
      text: "import '../test/support/objects.ts';",
      want: 'may not import test/support/objects.ts',
    },
    { path: 'elsewhere/x.ts', text: '', want: 'lies in no room' },
  ])('finds that $path: $text', ({ path, text, want }) => {
    expect(breaches([readSource(path, text)])).toEqual([expect.stringContaining(want)]);
  });

  it.each([
    'process.exit(1)',
    'const { PATH } = process.env;',
    "process['env'].PATH",
    "console.log('x')",
    "import { exit } from 'node:process';",
  ])('finds %s', (text) => {
    expect(strayProgramUses([readSource('api/x.ts', text)])).toHaveLength(1);
  });

  it('leaves text and comments alone', () => {
    expect(strayProgramUses([readSource('api/x.ts', "// process.exit\nconst a = 'console.log';")])).toEqual(
      [],
    );
  });

  it('finds a cycle', () => {
    const files = [
      readSource('kube/a.ts', "import '../api/b.ts';"),
      readSource('api/b.ts', "import '../kube/a.ts';"),
    ];
    expect(findCycle(roomGraph(files))).toEqual(['kube', 'api', 'kube']);
  });
});
