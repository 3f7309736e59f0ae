import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';

/**
 * The client can send requests itself, through undici, which is as large as everything else together. Ours go
 * through node:https (kube/http.ts), which uses only the client's kubeconfig.
 */
const withoutUndici: Plugin = {
  name: 'without undici',
  setup(plan) {
    const namespace = 'unused';
    plan.onResolve({ filter: /^undici$/ }, ({ path, importer }) =>
      importer.includes('@kubernetes/client-node') ? { path, namespace } : undefined,
    );
    plan.onLoad({ filter: /./, namespace }, () => ({
      contents: `class Unused { constructor() { throw new Error('this build has no undici'); } }
        export { Unused as Agent, Unused as ProxyAgent, Unused as fetch };`,
    }));
  },
};

/**
 * The client brings the models of every kind of Kubernetes; loading them has no effect, so unused ones are
 * left out.
 */
const withoutModels: Plugin = {
  name: 'without models',
  setup(plan) {
    plan.onResolve({ filter: /^\.\.?\// }, ({ path, importer, resolveDir }) =>
      importer.includes('@kubernetes/client-node')
        ? { path: resolve(resolveDir, path), sideEffects: false }
        : undefined,
    );
  },
};

/**
 * The programs as they are in dist/: code that several commands share is in chunks of its own, so that each
 * command loads only what it needs. lib/place.ts knows where files are.
 */
export const bundle = {
  absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
  entryPoints: ['cli/main.ts', 'playground/main.ts'],
  outbase: '.',
  outdir: 'dist',
  chunkNames: 'chunks/[name]-[hash]',
  bundle: true,
  splitting: true,
  sourcemap: true,
  sourcesContent: false,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  // Libraries written for `require` load modules of Node with it.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  plugins: [withoutModels, withoutUndici],
  logLevel: 'warning',
} satisfies BuildOptions;
