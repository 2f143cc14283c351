# The start directory's script: what is set and registered here holds for every directory below.

ktor.app.register_plugin("k8s")

ktor.shop = {"version": "1.4.2", "host": "shop.example.test", "log_level": "info"}
ktor.app.secret("correct-horse-battery")  # never printed, wherever it turns up


def remove_replicas(resources, r: "K8SResource"):
    if r.group == "apps" and r.kind in ("StatefulSet", "Deployment") and "replicas" in r.manifest["spec"]:
        logger.warning(
            "Resource %s in %s contains `replica` specification that will be removed. Use HPA!!!", r, r.source
        )
        del r.manifest["spec"]["replicas"]


ktor.k8s.add_transformer(remove_replicas)


def label(resources, r):
    r.manifest["metadata"].setdefault("labels", {})["app.kubernetes.io/part-of"] = "shop"


ktor.k8s.add_transformer(label)

# A directory elsewhere on this machine, and one in a git repository: this checkout stands in for a remote one.
ktor.app.walk_local("../quickstart-addons")
ktor.app.walk_remote(ktor.app.cwd.parent.parent, "/examples/quickstart-remote")
