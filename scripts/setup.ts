import { ensurePrometheus } from '../playground/dataplane/metrics/prometheus-binary.ts';
import { ensureEnvoy } from './lib/envoy-binary.ts';
import { ensureNginxWithLua } from './lib/ingress-nginx-lua.ts';

/**
 * `npm run setup`: installs what the playground and the end-to-end tests need besides node_modules. Without
 * Prometheus none of these run; if anything else is missing, the tests that need it say so.
 */
const say = (line: string): void => console.log(line);
try {
  say(`prometheus: ${ensurePrometheus(say)}`);
  const envoy = ensureEnvoy(say);
  say(`envoy: ${'path' in envoy ? envoy.path : `none, and its tests are skipped: ${envoy.missing}`}`);
  const nginx = ensureNginxWithLua(say);
  say(`ingress-nginx: ${'lua' in nginx ? nginx.lua : `none, and its tests are skipped: ${nginx.missing}`}`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
