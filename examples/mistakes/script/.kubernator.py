"""Twenty mistakes that a script makes; no cluster is needed: `kubernator -p examples/mistakes/script validate`."""

ktor.app.register_plugin("k8s")


def thing(api_version, kind, name, namespace="shop", **fields):
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def pod(name, **fields):
    return {"containers": [{"name": name, "image": f"example.com/{name}:1"}], **fields}


def labelled(name, spec):
    return {"metadata": {"labels": {"app": name}}, "spec": spec}


def deployment(name, spec, **fields):
    selector = {"matchLabels": {"app": name}}
    return thing("apps/v1", "Deployment", name, spec={"selector": selector, "template": labelled(name, spec), **fields})


add = ktor.k8s.add_resources

add(thing("v1", "Namespace", "shop", namespace=""))
add(thing("v1", "ServiceAccount", "web"))

# what a function is given
add(deployment("api", pod("api"), replicas=-1))  # mistake: fewer than none
add(deployment("front", pod("front", restartPolicy="Never")))  # mistake: a Deployment starts its Pods again
add(deployment("search", pod("search", serviceAccountName="finder")))  # mistake: there is no such ServiceAccount
add(deployment("mail", pod("mail", dnsPolicy="None")))  # mistake: then `dnsConfig` has to name a server
add(deployment("stock", pod("stock", terminationGracePeriodSeconds="30s")))  # mistake: a number of seconds is wanted
add(deployment("audit", {"containers": []}))  # mistake: no container
add(deployment("cart", pod("cart"), strategy={"type": "Recreate", "rollingUpdate": {"maxSurge": 1}}))  # mistake: either

# what is counted
for name in ("cache", "queue"):
    port = {"port": 6379, "nodePort": 30379}
    add(thing("v1", "Service", name, spec={"ports": [port]}))  # mistake: a `nodePort` of no NodePort, in both

# what is computed
quota = {"hard": {"pods": str(10 / 4)}}
add(thing("v1", "ResourceQuota", "all", spec=quota))  # mistake: two and a half Pods
add(thing("v1", "Secret", "token", data={"token": "not base64!"}))  # mistake: the value is not encoded
add(thing("v1", "ConfigMap", "page", data={"index html": "<p>"}))  # mistake: a space in a key
add(thing("v1", "ConfigMap", "flags", data={"beta": True}))  # mistake: not a text
none = {"selector": {"app": "shop"}, "ports": [{"port": 80}]}
add(thing("v1", "Service", "shop", spec=none))  # mistake: no Pod has this label

claim = {"accessModes": ["ReadWriteAll"], "resources": {"requests": {"storage": "1Gi"}}}
add(thing("v1", "PersistentVolumeClaim", "data", spec=claim))  # mistake: no such mode

job = {"template": {"spec": pod("migrate", restartPolicy="Always")}}
add(thing("batch/v1", "Job", "migrate", spec=job))  # mistake: a Job would never end

rbac = "rbac.authorization.k8s.io/v1"
rules = [{"apiGroups": [""], "resources": ["pods"]}]
add(thing(rbac, "Role", "reader", rules=rules))  # mistake: no verbs
role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Roles", "name": "reader"}
add(thing(rbac, "RoleBinding", "reader", roleRef=role))  # mistake: the kind is called `Role`

block = {"from": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}
policy = {"podSelector": {}, "ingress": [block]}
add(thing("networking.k8s.io/v1", "NetworkPolicy", "office", spec=policy))  # mistake: 32 bits are all there are

target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "shop"}
scale = {"scaleTargetRef": target, "maxReplicas": 3}
add(thing("autoscaling/v2", "HorizontalPodAutoscaler", "shop", spec=scale))  # mistake: there is no such Deployment


def own(resources, r):
    r.manifest["metadata"]["labels"] = {"owner": "web team"}


# what is changed afterwards
ktor.k8s.add_transformer(own)
add(thing("v1", "ConfigMap", "terms"))  # mistake: the label that `own` gives it has a space
ktor.k8s.remove_transformer(own)
