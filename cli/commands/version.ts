import { command as defined } from '../command.ts';
import { output } from '../flags.ts';
import { readFileSync } from 'node:fs';
import { getString } from '../../lib/json.ts';
import { ROOT } from '../../lib/place.ts';
import type { Io } from '../io.ts';

export function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8'));
  return getString(manifest, 'version') ?? 'unknown';
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

export const command = defined({
  help: 'print the version',
  takes: (made) => output(made, ['json']),
  run: version,
});
