import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { writtenRights } from './lib/rights.ts';

/** `npm run rights`: writes the rights of the controller (release/rights.ts) down where people and clusters read them. */
const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const files = await writtenRights((path) => readFileSync(at(path), 'utf8'));
for (const [path, text] of Object.entries(files)) writeFileSync(at(path), text);
