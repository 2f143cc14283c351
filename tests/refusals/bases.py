"""Small objects of built-in kinds that the API server takes as they are."""

from __future__ import annotations

from typing import Any, Final

import yaml

__all__ = ["BASES", "CLUSTER_WIDE"]

_RBAC: Final = "rbac.authorization.k8s.io"

_TEXT: Final = """
service: {apiVersion: v1, kind: Service, spec: {selector: {a: b}, ports: [{port: 80}]}}
two-ports: {apiVersion: v1, kind: Service, spec: {selector: {a: b}, ports: [{name: x, port: 80}, {name: y, port: 81}]}}
headless: {apiVersion: v1, kind: Service, spec: {clusterIP: None, selector: {a: b}}}
external: {apiVersion: v1, kind: Service, spec: {type: ExternalName, externalName: a.example.com}}
node-port: {apiVersion: v1, kind: Service, spec: {type: NodePort, ports: [{port: 80}]}}
balanced: {apiVersion: v1, kind: Service, spec: {type: LoadBalancer, ports: [{port: 80}]}}
endpoints: {apiVersion: v1, kind: Endpoints, subsets: [{addresses: [{ip: 10.1.2.3}], ports: [{port: 80}]}]}
slice4: {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv4, endpoints: [{addresses: [10.1.2.3]}]}
slice6: {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: IPv6, endpoints: [{addresses: ["fd00::1"]}]}
slice-names: {apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, addressType: FQDN, endpoints: [{addresses: [a.b]}]}
ingress:
  apiVersion: networking.k8s.io/v1
  kind: Ingress
  spec:
    rules:
    - host: a.example.com
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: s, port: {number: 80}}}}]}
ingress-class: {apiVersion: networking.k8s.io/v1, kind: IngressClass, spec: {controller: example.com/c}}
net-policy:
  apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}}], ports: [{port: 80}]}]}
ip-address:
  apiVersion: networking.k8s.io/v1
  kind: IPAddress
  metadata: {name: 10.200.0.1}
  spec: {parentRef: {resource: services, name: x, namespace: default}}
service-cidr: {apiVersion: networking.k8s.io/v1, kind: ServiceCIDR, spec: {cidrs: [10.200.0.0/24]}}
config-map: {apiVersion: v1, kind: ConfigMap, data: {a: b}}
secret: {apiVersion: v1, kind: Secret, stringData: {a: b}}
tls: {apiVersion: v1, kind: Secret, type: kubernetes.io/tls, stringData: {tls.crt: x, tls.key: y}}
docker: {apiVersion: v1, kind: Secret, type: kubernetes.io/dockerconfigjson, stringData: {.dockerconfigjson: "{}"}}
docker-old: {apiVersion: v1, kind: Secret, type: kubernetes.io/dockercfg, data: {.dockercfg: e30=}}
basic: {apiVersion: v1, kind: Secret, type: kubernetes.io/basic-auth, stringData: {username: x}}
ssh: {apiVersion: v1, kind: Secret, type: kubernetes.io/ssh-auth, stringData: {ssh-privatekey: x}}
volume:
  apiVersion: v1
  kind: PersistentVolume
  spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], csi: {driver: x.example.com, volumeHandle: v}}
host-volume:
  apiVersion: v1
  kind: PersistentVolume
  spec: {capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce], hostPath: {path: /x}}
claim:
  apiVersion: v1
  kind: PersistentVolumeClaim
  spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
storage-class: {apiVersion: storage.k8s.io/v1, kind: StorageClass, provisioner: x.example.com}
attachment:
  apiVersion: storage.k8s.io/v1
  kind: VolumeAttachment
  spec: {attacher: x.example.com, nodeName: n, source: {persistentVolumeName: v}}
csi-driver: {apiVersion: storage.k8s.io/v1, kind: CSIDriver, spec: {}}
csi-node: {apiVersion: storage.k8s.io/v1, kind: CSINode, spec: {drivers: [{name: x.example.com, nodeID: n}]}}
capacity: {apiVersion: storage.k8s.io/v1, kind: CSIStorageCapacity, storageClassName: x}
attributes: {apiVersion: storage.k8s.io/v1, kind: VolumeAttributesClass, driverName: x.example.com, parameters: {a: b}}
role: {apiVersion: RBAC/v1, kind: Role, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
cluster-role: {apiVersion: RBAC/v1, kind: ClusterRole, rules: [{apiGroups: [""], resources: [pods], verbs: [get]}]}
binding:
  apiVersion: RBAC/v1
  kind: RoleBinding
  roleRef: {apiGroup: RBAC, kind: ClusterRole, name: view}
  subjects: [{kind: ServiceAccount, name: default, namespace: default}]
cluster-binding:
  apiVersion: RBAC/v1
  kind: ClusterRoleBinding
  roleRef: {apiGroup: RBAC, kind: ClusterRole, name: view}
  subjects: [{kind: ServiceAccount, name: default, namespace: default}]
account: {apiVersion: v1, kind: ServiceAccount}
scaler:
  apiVersion: autoscaling/v2
  kind: HorizontalPodAutoscaler
  spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}}
old-scaler:
  apiVersion: autoscaling/v1
  kind: HorizontalPodAutoscaler
  spec: {maxReplicas: 3, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: x}}
budget: {apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {minAvailable: 1, selector: {matchLabels: {a: b}}}}
priority: {apiVersion: scheduling.k8s.io/v1, kind: PriorityClass, value: 10}
runtime: {apiVersion: node.k8s.io/v1, kind: RuntimeClass, handler: x}
lease: {apiVersion: coordination.k8s.io/v1, kind: Lease, spec: {leaseDurationSeconds: 10}}
quota: {apiVersion: v1, kind: ResourceQuota, spec: {hard: {pods: 3}}}
limits: {apiVersion: v1, kind: LimitRange, spec: {limits: [{type: Container, max: {cpu: 2}}]}}
namespace: {apiVersion: v1, kind: Namespace}
node: {apiVersion: v1, kind: Node, spec: {taints: [{key: a, effect: NoSchedule}]}}
event: {apiVersion: v1, kind: Event, involvedObject: {kind: Pod, name: x, namespace: NS}}
new-event:
  apiVersion: events.k8s.io/v1
  kind: Event
  eventTime: "2026-01-01T00:00:00.000000Z"
  reportingController: example.com/c
  reportingInstance: i
  action: a
  reason: r
  type: Normal
  regarding: {kind: Pod, name: x, namespace: NS}
validating:
  apiVersion: admissionregistration.k8s.io/v1
  kind: ValidatingWebhookConfiguration
  webhooks:
  - name: x.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: {url: "https://127.0.0.1:1/x"}
    rules: [{apiGroups: [x.example.com], apiVersions: [v1], resources: [things], operations: [CREATE]}]
mutating:
  apiVersion: admissionregistration.k8s.io/v1
  kind: MutatingWebhookConfiguration
  webhooks:
  - name: x.example.com
    admissionReviewVersions: [v1]
    sideEffects: None
    failurePolicy: Ignore
    clientConfig: {service: {name: s, namespace: default}}
admission:
  apiVersion: admissionregistration.k8s.io/v1
  kind: ValidatingAdmissionPolicy
  spec:
    matchConstraints:
      resourceRules: [{apiGroups: [x.example.com], apiVersions: [v1], resources: [things], operations: [CREATE]}]
    validations: [{expression: "true"}]
admission-binding:
  apiVersion: admissionregistration.k8s.io/v1
  kind: ValidatingAdmissionPolicyBinding
  spec: {policyName: no-such, validationActions: [Deny]}
api-service:
  apiVersion: apiregistration.k8s.io/v1
  kind: APIService
  metadata: {name: v1.s4b.example.com}
  spec: {group: s4b.example.com, version: v1, groupPriorityMinimum: 10, versionPriority: 10}
flow:
  apiVersion: flowcontrol.apiserver.k8s.io/v1
  kind: FlowSchema
  spec:
    priorityLevelConfiguration: {name: catch-all}
    rules:
    - subjects: [{kind: User, user: {name: no-such}}]
      resourceRules: [{verbs: [get], apiGroups: [""], resources: [pods], namespaces: [x]}]
level:
  apiVersion: flowcontrol.apiserver.k8s.io/v1
  kind: PriorityLevelConfiguration
  spec: {type: Limited, limited: {limitResponse: {type: Queue, queuing: {queues: 64, handSize: 6}}}}
device-class: {apiVersion: resource.k8s.io/v1, kind: DeviceClass, spec: {}}
device-claim:
  apiVersion: resource.k8s.io/v1
  kind: ResourceClaim
  spec: {devices: {requests: [{name: r, exactly: {deviceClassName: c.example.com}}]}}
device-template:
  apiVersion: resource.k8s.io/v1
  kind: ResourceClaimTemplate
  spec: {spec: {devices: {requests: [{name: r, exactly: {deviceClassName: c.example.com}}]}}}
device-slice:
  apiVersion: resource.k8s.io/v1
  kind: ResourceSlice
  spec: {driver: x.example.com, nodeName: n, pool: {name: p, resourceSliceCount: 1}, devices: [{name: d}]}
signing:
  apiVersion: certificates.k8s.io/v1
  kind: CertificateSigningRequest
  spec: {signerName: example.com/x, usages: [client auth], request: REQUEST}
"""

#: A request for a certificate of a key that nobody has kept.
_REQUEST: Final = (
    "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIR01HNENBUUF3RERFS01BZ0dBMVVFQXd3QmVEQlpNQk1HQnlx"
    "R1NNNDlBZ0VHQ0NxR1NNNDlBd0VIQTBJQQpCQjFHNE5tc2wyU21ZMkN0OXZIREpyK1hWQ3RjRjA3WFA0VnFZa2MxekN1Yy9aTGtY"
    "SW5aelkxbGxMYU9tOGMrCnEyeEV1VEE5bjJTV2U0UnpWc3lnUVFhZ0FEQUtCZ2dxaGtqT1BRUURBZ05JQURCRkFpQXB3M0FkT2tU"
    "NmEzdzcKOVhyeFphcVpzbkRhZjBPN2VicThvWGJxdGw1aTR3SWhBTC85dytIbnZ3eWxFeXY3KzcyWWVQOUZMbWxTQWVzQwpRemx3"
    "cDNiY3lXNjEKLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg=="
)

BASES: Final[dict[str, dict[str, Any]]] = yaml.safe_load(
    _TEXT.replace("RBAC", _RBAC).replace("REQUEST}", f"{_REQUEST}}}")
)
for _base in BASES.values():
    _base.setdefault("metadata", {}).setdefault("name", "s4b")

#: Objects outside of namespaces.
CLUSTER_WIDE: Final = frozenset(
    {
        *("ip-address", "service-cidr", "ingress-class", "volume", "host-volume", "storage-class", "attachment"),
        *(
            "csi-driver",
            "csi-node",
            "attributes",
            "cluster-role",
            "cluster-binding",
            "priority",
            "runtime",
            "namespace",
        ),
        *("node", "validating", "mutating", "admission", "admission-binding", "api-service", "flow", "level"),
        *("device-class", "device-slice", "signing"),
    }
)
