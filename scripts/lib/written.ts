import { writtenHouse } from './architecture.ts';
import { writtenChart } from './chart.ts';
import { writtenCopies } from './copies.ts';
import { writtenKinds } from './kinds.ts';
import { writtenProviders } from './providers.ts';
import { writtenRights } from './rights.ts';

/** Every file that is written from code, whole or in part, and what it should say. */
export async function written(read: (path: string) => string): Promise<Record<string, string>> {
  const files = {
    ...(await writtenProviders(read)),
    ...(await writtenKinds(read)),
    ...(await writtenRights(read)),
    ...(await writtenHouse(read)),
    ...(await writtenChart(read)),
  };
  return { ...files, ...writtenCopies(read, files) };
}
