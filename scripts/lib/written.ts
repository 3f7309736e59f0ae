import { writtenHouse } from './architecture.ts';
import { writtenKinds } from './kinds.ts';
import { writtenProviders } from './providers.ts';
import { writtenRights } from './rights.ts';

/** Every file that is written from code, whole or in part, and what it should say. */
export async function written(read: (path: string) => string): Promise<Record<string, string>> {
  return {
    ...(await writtenProviders(read)),
    ...(await writtenKinds(read)),
    ...(await writtenRights(read)),
    ...(await writtenHouse(read)),
  };
}
