import { homedir } from 'node:os';
import { join } from 'node:path';

/** Programs of others that tests run against, fetched or built once. */
export const CACHE = join(homedir(), '.cache', 'sluice');
