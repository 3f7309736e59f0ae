import { ensurePrometheus } from '../playground/dataplane/prometheus-binary.ts';

/** `npm run setup`: what the playground and the end-to-end tests need beyond node_modules. */
try {
  const path = ensurePrometheus((line) => console.log(line));
  console.log(`prometheus: ${path}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
