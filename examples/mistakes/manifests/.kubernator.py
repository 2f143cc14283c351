"""Twenty mistakes in files; no cluster is needed: `kubernator -p examples/mistakes/manifests validate`."""

ktor.app.register_plugin("k8s")
