import { existsSync, readFileSync } from 'node:fs';
import { getString } from '../../lib/json.ts';
import type { Io } from '../io.ts';

/** The package.json of a checkout, or of an installed build, which lies one folder deeper. */
const PLACES = ['../../package.json', '../../../package.json'];

export function readVersion(): string {
  for (const place of PLACES) {
    const url = new URL(place, import.meta.url);
    if (!existsSync(url)) continue;
    const manifest: unknown = JSON.parse(readFileSync(url, 'utf8'));
    if (getString(manifest, 'name') === 'sluice') return getString(manifest, 'version') ?? 'unknown';
  }
  return 'unknown';
}

/** `sluice version`. */
export function version(io: Io, flags: { output?: string }): number {
  const about = {
    version: readVersion(),
    node: process.versions.node,
    platform: `${process.platform}/${process.arch}`,
  };
  io.out(
    flags.output === 'json'
      ? JSON.stringify(about)
      : `sluice ${about.version} (node ${about.node}, ${about.platform})`,
  );
  return 0;
}
