import { writtenHouse } from './architecture.ts';
import { writtenChart } from './chart.ts';
import { writtenCopies } from './copies.ts';
import { writtenFlags } from './flags.ts';
import { writtenKinds } from './kinds.ts';
import { writtenProviders } from './providers.ts';
import { writtenRights } from './rights.ts';

const WRITERS = [writtenProviders, writtenKinds, writtenRights, writtenFlags, writtenHouse, writtenChart];

/** Every file that is written from code, whole or in part, and its wanted content. */
export async function written(read: (path: string) => string): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  // Several writers may write to one page, each in its own place.
  for (const write of WRITERS) Object.assign(files, await write((path) => files[path] ?? read(path)));
  return { ...files, ...writtenCopies(read, files) };
}
