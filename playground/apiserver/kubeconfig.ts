import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

export interface Kubeconfig {
  /** name of its only context, cluster and user */
  name: string;
  server: string;
  /** absent: anonymous */
  token?: string | undefined;
  namespace: string;
}

/** Only its owner may read the file. */
export function writeKubeconfigTo(path: string, { name, server, token, namespace }: Kubeconfig): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user: token === undefined ? {} : { token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace } }],
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
}

/** Writes a kubeconfig for the server into a new temporary folder; returns its path. */
export function writeKubeconfig(server: string, token: string | undefined): string {
  const path = join(mkdtempSync(join(tmpdir(), 'sluice-playground-')), 'kubeconfig');
  writeKubeconfigTo(path, { name: 'playground', server, token, namespace: 'default' });
  return path;
}
