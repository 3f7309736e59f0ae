/** How lists merge, which the models do not say. Keys are "Type.field"; see docs/playground-api.md. */
export interface ListRule {
  /** keys of a list map under apply; ['='] = a set */
  keys?: string[];
  /** key under strategic merge; '' = a merged list of scalars */
  merge?: string;
}

const by = (key: string, ...apply: string[]): ListRule => ({
  keys: apply.length ? apply : [key],
  merge: key,
});
const set: ListRule = { keys: ['='], merge: '' };
const conditions = by('type');

const container: Record<string, ListRule> = {
  env: by('name'),
  ports: by('containerPort', 'containerPort', 'protocol'),
  volumeMounts: by('mountPath'),
  volumeDevices: by('devicePath'),
};

function on(type: string, rules: Record<string, ListRule>): Record<string, ListRule> {
  return Object.fromEntries(Object.entries(rules).map(([field, rule]) => [`${type}.${field}`, rule]));
}

export const LIST_RULES: Readonly<Record<string, ListRule>> = {
  ...on('V1ObjectMeta', { finalizers: set, ownerReferences: by('uid') }),
  ...on('V1PodSpec', {
    containers: by('name'),
    initContainers: by('name'),
    ephemeralContainers: by('name'),
    volumes: by('name'),
    imagePullSecrets: by('name'),
    hostAliases: by('ip'),
    topologySpreadConstraints: by('topologyKey', 'topologyKey', 'whenUnsatisfiable'),
    resourceClaims: by('name'),
    schedulingGates: by('name'),
  }),
  ...on('V1Container', container),
  ...on('V1EphemeralContainer', container),
  ...on('V1ResourceRequirements', { claims: { keys: ['name'] } }),
  ...on('V1PodStatus', { conditions, podIPs: by('ip'), hostIPs: { merge: 'ip' } }),
  ...on('V1ServiceSpec', { ports: by('port', 'port', 'protocol') }),
  ...on('V1ServiceStatus', { conditions }),
  ...on('V1ServiceAccount', { secrets: by('name'), imagePullSecrets: { merge: 'name' } }),
  ...on('V1NamespaceStatus', { conditions }),
  ...on('V1NodeStatus', { conditions, addresses: by('type') }),
  ...on('V1NodeSpec', { podCIDRs: set }),
  ...on('V1PersistentVolumeClaimStatus', { conditions }),
  ...on('V1DeploymentStatus', { conditions }),
  ...on('V1ReplicaSetStatus', { conditions }),
  ...on('V1StatefulSetStatus', { conditions }),
  ...on('V1DaemonSetStatus', { conditions }),
  ...on('V1PodDisruptionBudgetStatus', { conditions }),
  ...on('V2HorizontalPodAutoscalerStatus', { conditions }),
  ...on('V1CustomResourceDefinitionStatus', { conditions: { keys: ['type'] } }),
  ...on('V1ValidatingAdmissionPolicySpec', { matchConditions: by('name'), variables: by('name') }),
  ...on('V1MutatingAdmissionPolicySpec', { matchConditions: by('name') }),
};

/** Structs that one manager owns as a whole. */
export const ATOMIC_STRUCTS = new Set([
  'V1LabelSelector',
  'V1ObjectReference',
  'V1LocalObjectReference',
  'V1TypedLocalObjectReference',
  'V1SecretReference',
  'V1OwnerReference',
  'V1ConfigMapKeySelector',
  'V1SecretKeySelector',
  'V1ObjectFieldSelector',
  'V1ResourceFieldSelector',
  'V1NodeSelector',
  'V1NodeSelectorTerm',
  'V1RoleRef',
  'RbacV1Subject',
  'V1ParamRef',
  'V1MatchResources',
]);

/** Maps that one manager owns as a whole. */
export const ATOMIC_MAPS = new Set([
  'V1ServiceSpec.selector',
  'V1PodSpec.nodeSelector',
  'V1LabelSelector.matchLabels',
]);

/** Optional scalars that Go stores by value: their zero is the same as absence. */
export const ZERO_IS_ABSENT = new Set([
  'V1DeploymentSpec.paused',
  'V1DeploymentSpec.minReadySeconds',
  'V1ReplicaSetSpec.minReadySeconds',
  'V1StatefulSetSpec.minReadySeconds',
  'V1DaemonSetSpec.minReadySeconds',
  'V1ContainerPort.hostPort',
  'V1Container.stdin',
  'V1Container.stdinOnce',
  'V1Container.tty',
  'V1PodSpec.hostNetwork',
  'V1PodSpec.hostPID',
  'V1PodSpec.hostIPC',
  'V1VolumeMount.readOnly',
  'V1Probe.initialDelaySeconds',
  'V1ServicePort.nodePort',
  'V1ServiceSpec.publishNotReadyAddresses',
  'V1ServiceSpec.healthCheckNodePort',
  'V1ScaleSpec.replicas',
  'V1ObjectMeta.generation',
  ...[
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
    'observedGeneration',
  ].map((field) => `V1DeploymentStatus.${field}`),
  ...['readyReplicas', 'availableReplicas', 'fullyLabeledReplicas', 'observedGeneration'].map(
    (field) => `V1ReplicaSetStatus.${field}`,
  ),
  'V1PodDisruptionBudgetStatus.observedGeneration',
  'CoreV1Event.count',
]);

/** Optional strings that Go stores by pointer: an empty one is kept. */
export const EMPTY_IS_KEPT = new Set([
  'V1LeaseSpec.holderIdentity',
  'V1IngressSpec.ingressClassName',
  'V1PersistentVolumeClaimSpec.storageClassName',
]);
