"""Charts of this directory: one by files, one by a script; the namespace is theirs."""

ktor.app.register_plugin("k8s")
ktor.app.register_plugin("helm")

ktor.namespace = "helm-example"
ktor.domain = "example.com"

ktor.app.excludes.add("charts")


def keep_an_owner(resources, r):
    r.manifest["metadata"].setdefault("labels", {})["example.com/owner"] = "web-team"


ktor.k8s.add_transformer(keep_an_owner)
