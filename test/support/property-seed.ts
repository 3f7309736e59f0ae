import { configureGlobal } from 'fast-check';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    explore: boolean;
  }
}

/**
 * Properties draw the same examples on every run of one commit, so that its result does not depend on luck.
 * `npm run test:explore` looks for new ones.
 */
if (!inject('explore')) configureGlobal({ seed: 20261121 });
