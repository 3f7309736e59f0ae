import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';

/**
 * The client can send requests itself, by undici, which is as large as all the rest. Ours go through node:https (kube/http.ts): of the
 * client only the kubeconfig is used.
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

/** The models of every kind of Kubernetes come with the client; nothing happens while they load, so what nobody uses is left out. */
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
 * The programs as dist/ has them: what several commands share lies in chunks of its own, so that each loads only what it needs.
 * lib/place.ts knows where files lie.
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
  // Libraries written for `require` ask for modules of Node by it.
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
  plugins: [withoutModels, withoutUndici],
  logLevel: 'warning',
} satisfies BuildOptions;
