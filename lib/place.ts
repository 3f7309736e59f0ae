/** Sources run as .ts from a checkout, a build as .js from dist/, where every file is one folder deep. */
const BUILT = !import.meta.url.endsWith('.ts');

/** The folder of package.json and manifests/. */
export const ROOT = new URL(BUILT ? '../../' : '../', import.meta.url);

/** A program of the package, to be started as a process. */
export const programOf = (name: 'cli' | 'playground'): URL =>
  new URL(BUILT ? `dist/${name}/main.js` : `${name}/main.ts`, ROOT);
