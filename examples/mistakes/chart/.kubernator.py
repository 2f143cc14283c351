"""Twenty mistakes of a chart and its values; no cluster is needed: `kubernator -p examples/mistakes/chart validate`."""

ktor.app.register_plugin("k8s")
ktor.app.register_plugin("helm")

ktor.app.excludes.add("charts")
