"""One tree with everything: Terraform outputs, a chart, templates, a transformer, a directory of a git repository."""

ktor.app.register_plugin("k8s")
ktor.app.register_plugin("terraform")
ktor.app.register_plugin("helm")
ktor.app.register_plugin("templates")

ktor.namespace = "platform"

# What infrastructure/ puts out goes here, and so is seen by all directories; it has its turn before the others.
ktor.tf = {}
ktor.app.includes = ["infrastructure", "*"]

# Policies that all trees share, at the commit that is checked out: this checkout stands in for a remote repository.
ktor.app.walk_remote(ktor.app.cwd.parent.parent, "/examples/platform-policies")


def label(resources, r):
    """Whatever a file, a chart or a template makes says whose it is."""
    r.manifest["metadata"].setdefault("labels", {})["example.com/team"] = "platform"


ktor.k8s.add_transformer(label)
