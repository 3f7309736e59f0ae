import { configureGlobal } from 'fast-check';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    explore: boolean;
  }
}

/**
 * Property tests draw the same examples in every run of one commit, so that the result does not depend on
 * luck. `npm run test:explore` looks for new examples.
 */
if (!inject('explore')) configureGlobal({ seed: 20261121 });
