/*
 * Presets are plain instant selectors of cumulative counters, several of them joined by `or`; the measurer reads raw samples
 * over a window and takes the differences itself, series by series. Variables (values from providers/variables.ts):
 *   namespace      namespace of target, Services and routes
 *   stableService  name of the stable Service
 *   canaryService  name of the canary Service
 *   target         name of the stable Deployment
 *   canaryDeployment  name of the canary's
 *   ingressRegex   RE2 alternation of the names of the user's Ingresses in scope
 *   portRegex      RE2 alternation of the ports (number or name) by which they reach the Service
 *   clusterDomain  domain of the cluster, which ends every Service's full name
 *   liveReporterRegex, copyReporterRegex  see istioReporters
 * Variables that end in Regex are already escaped for RE2 and need only the escaping of a PromQL string.
 */

/** A union of selectors: a series that matches several of them counts once. */
export const anyOf = (...selectors: string[]): string => selectors.join(' or ');

/**
 * gRPC codes that blame the server: UNKNOWN, DEADLINE_EXCEEDED, RESOURCE_EXHAUSTED, ABORTED, INTERNAL,
 * UNAVAILABLE, DATA_LOSS.
 */
export const GRPC_FAILURES = '2|4|8|10|13|14|15';

/** What to do if nothing in front of the pods counts for both arms. */
export const BY_PODS =
  'name the preset replicas, which asks the pods themselves, or give queries of your own';
