import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { written } from './lib/written.ts';

/** `npm run generate`: writes down, where people and clusters read it, what the code says. */
const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const files = await written((path) => readFileSync(at(path), 'utf8'));
for (const [path, text] of Object.entries(files)) writeFileSync(at(path), text);
