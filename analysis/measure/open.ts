import type { Endpoint } from './source.ts';
import { sourceNamed } from './sources.ts';

/**
 * Opens end points: base URLs by "<source>/<end point>". The code that a source needs for asking is loaded only if the
 * source is used.
 */
export async function openEndpoints(urls: ReadonlyMap<string, string>): Promise<Map<string, Endpoint>> {
  const opened = await Promise.all(
    [...urls].map(async ([name, url]) => {
      const named = sourceNamed(name);
      if (named === undefined) throw new Error(`${name} names no source`);
      return [name, await named.source.open(url)] as const;
    }),
  );
  return new Map(opened);
}
