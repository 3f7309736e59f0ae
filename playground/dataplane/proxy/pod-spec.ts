import type { KubeObject } from '../../../api/kube.ts';

/** The part of a pod that the pod host needs; plain JSON, sent over IPC. */
export interface PodSpec {
  uid: string;
  name: string;
  namespace: string;
  image: string;
  env: Record<string, string>;
  port: number;
  probe?: ProbeSpec;
}

export interface ProbeSpec {
  path: string;
  port: number;
  initialDelayMs: number;
  periodMs: number;
  timeoutMs: number;
  successThreshold: number;
  failureThreshold: number;
}

interface RawContainer {
  image?: string;
  env?: { name: string; value?: string }[];
  ports?: { name?: string; containerPort: number }[];
  readinessProbe?: RawProbe;
}

interface RawProbe {
  httpGet?: { path?: string; port: number | string };
  initialDelaySeconds?: number;
  periodSeconds?: number;
  timeoutSeconds?: number;
  successThreshold?: number;
  failureThreshold?: number;
}

const DEFAULT_PORT = 8080;

/** Reads the first container; a pod without ports listens on 8080. */
export function podSpecOf(pod: KubeObject): PodSpec {
  const containers = pod.spec?.['containers'] as RawContainer[] | undefined;
  const container = containers?.[0] ?? {};
  const env: Record<string, string> = {};
  for (const entry of container.env ?? []) if (entry.value !== undefined) env[entry.name] = entry.value;
  const port = container.ports?.[0]?.containerPort ?? DEFAULT_PORT;
  const probe = probeOf(container, port);
  return {
    uid: pod.metadata.uid ?? '',
    name: pod.metadata.name,
    namespace: pod.metadata.namespace ?? '',
    image: container.image ?? '',
    env,
    port,
    ...(probe === undefined ? {} : { probe }),
  };
}

function probeOf(container: RawContainer, fallbackPort: number): ProbeSpec | undefined {
  const raw = container.readinessProbe;
  if (raw?.httpGet === undefined) return undefined;
  const wanted = raw.httpGet.port;
  const named = container.ports?.find((port) => port.name === wanted)?.containerPort;
  return {
    path: raw.httpGet.path ?? '/',
    port: typeof wanted === 'number' ? wanted : (named ?? fallbackPort),
    initialDelayMs: (raw.initialDelaySeconds ?? 0) * 1000,
    periodMs: (raw.periodSeconds ?? 10) * 1000,
    timeoutMs: (raw.timeoutSeconds ?? 1) * 1000,
    successThreshold: raw.successThreshold ?? 1,
    failureThreshold: raw.failureThreshold ?? 3,
  };
}
