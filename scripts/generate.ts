import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writtenProviders } from './lib/providers.ts';

/** `npm run generate`: writes what the code says to the files where people and clusters read it. */
const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(at(path), 'utf8');

function save(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) writeFileSync(at(path), text);
}

save(await writtenProviders(read));
// Not earlier: kinds are described with the names of the back ends.
const { written } = await import('./lib/written.ts');
save(await written(read));
