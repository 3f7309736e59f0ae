import { homedir } from 'node:os';
import { join } from 'node:path';

/** Other projects' programs that tests run against, fetched or built once. */
export const CACHE = join(homedir(), '.cache', 'sluice');
