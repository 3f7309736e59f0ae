import { HOUSE, type Room } from './house.ts';
import { withTable, withText } from './pages.ts';

const PAGE = 'docs/architecture.md';

/** The picture and the table of the rooms. */
export async function writtenHouse(read: (path: string) => string): Promise<Record<string, string>> {
  const rows = HOUSE.map((room) => [
    `\`${room.path}/\``,
    whatIs(room),
    room.mayImport.join(', ') || 'nothing',
  ]);
  const pictured = withText(read(PAGE), 'picture', picture());
  return { [PAGE]: await withTable(pictured, 'rooms', [['room', 'what it is', 'may import'], ...rows]) };
}

const whatIs = ({ what, packages }: Room): string => (packages === undefined ? what : `${what}; pure`);

/** A folder of the root, with all its rooms. */
const floorOf = (path: string): string => path.split('/')[0] ?? path;

/** A Mermaid picture, drawn in the colours of the page around it. An arrow that others imply is left out. */
function picture(): string {
  const floors = new Map<string, Set<string>>();
  for (const { path, mayImport } of HOUSE) {
    const below = floors.get(floorOf(path)) ?? new Set<string>();
    for (const each of mayImport) if (floorOf(each) !== floorOf(path)) below.add(floorOf(each));
    floors.set(floorOf(path), below);
  }
  const arrows = [...floors].flatMap(([from, below]) => {
    const implied = new Set([...below].flatMap((each) => [...(floors.get(each) ?? [])]));
    return [...below].filter((to) => !implied.has(to)).map((to) => `  ${from} --> ${to}`);
  });
  return ['```mermaid', 'flowchart TD', ...arrows, '```', ''].join('\n');
}
