"""Twenty mistakes of templates and their values: `kubernator -p examples/mistakes/template validate`."""

ktor.app.register_plugin("k8s")
ktor.app.register_plugin("templates")

ktor.namespace = "shop"
