import { child, fill, get, isObject, objects, text } from '../json.ts';
import type { JsonObject } from '../json.ts';

/** Fills a pod spec (of a Pod or a template) as the API server does. */
export function defaultPodSpec(spec: JsonObject): void {
  for (const volume of objects(spec['volumes'])) defaultVolume(volume);
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of objects(spec[list])) defaultContainer(container);
  }
  fill(spec, 'restartPolicy', 'Always');
  fill(spec, 'terminationGracePeriodSeconds', 30);
  fill(spec, 'dnsPolicy', 'ClusterFirst');
  fill(spec, 'securityContext', {});
  fill(spec, 'schedulerName', 'default-scheduler');
  const account = spec['serviceAccountName'] ?? spec['serviceAccount'];
  if (account !== undefined) {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
}

function defaultContainer(container: JsonObject): void {
  for (const port of objects(container['ports'])) fill(port, 'protocol', 'TCP');
  for (const entry of objects(container['env'])) {
    const reference = get(entry, 'valueFrom', 'fieldRef');
    if (isObject(reference)) fill(reference, 'apiVersion', 'v1');
  }
  fill(container, 'resources', {});
  defaultResources(child(container, 'resources'));
  fill(container, 'terminationMessagePath', '/dev/termination-log');
  fill(container, 'terminationMessagePolicy', 'File');
  fill(container, 'imagePullPolicy', pullPolicy(text(container['image'])));
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (isObject(probe)) defaultProbe(probe);
  }
  for (const hook of ['postStart', 'preStop']) defaultHttp(get(container, 'lifecycle', hook, 'httpGet'));
}

/** A limit without a request also sets the request. */
function defaultResources(resources: JsonObject): void {
  const { limits, requests } = resources;
  if (!isObject(limits) || !isObject(requests)) return;
  for (const [name, value] of Object.entries(limits)) if (value !== undefined) fill(requests, name, value);
}

function pullPolicy(image: string): string {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

function defaultHttp(action: unknown): void {
  if (!isObject(action)) return;
  fill(action, 'path', '/');
  fill(action, 'scheme', 'HTTP');
}

function defaultProbe(probe: JsonObject): void {
  defaultHttp(probe['httpGet']);
  const grpc = probe['grpc'];
  if (isObject(grpc)) fill(grpc, 'service', '');
  const numbers = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
  for (const [name, value] of Object.entries(numbers)) {
    if (probe[name] === 0) delete probe[name];
    fill(probe, name, value);
  }
}

function defaultVolume(volume: JsonObject): void {
  const sources = Object.keys(volume).filter((key) => key !== 'name');
  if (sources.length === 0) volume['emptyDir'] = {};
  for (const name of ['configMap', 'secret', 'downwardAPI', 'projected']) {
    const source = volume[name];
    if (isObject(source)) fill(source, 'defaultMode', 420);
  }
  for (const item of objects(get(volume, 'downwardAPI', 'items'))) {
    const reference = item['fieldRef'];
    if (isObject(reference)) fill(reference, 'apiVersion', 'v1');
  }
  const host = volume['hostPath'];
  if (isObject(host)) fill(host, 'type', '');
}

/** Defaults that only a Pod gets, not a template. */
export function defaultPod(spec: JsonObject): void {
  defaultPodSpec(spec);
  fill(spec, 'enableServiceLinks', true);
  fill(spec, 'preemptionPolicy', 'PreemptLowerPriority');
  fill(spec, 'priority', 0);
  for (const container of objects(spec['containers'])) {
    const resources = child(container, 'resources');
    const { limits } = resources;
    if (!isObject(limits)) continue;
    const requests = child(resources, 'requests');
    for (const [name, value] of Object.entries(limits)) if (value !== undefined) fill(requests, name, value);
  }
}
