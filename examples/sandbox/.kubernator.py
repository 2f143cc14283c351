"""A tree that brings its own cluster: `kubernator -p examples/sandbox apply --yes`."""

ktor.app.register_plugin("sandbox")
ktor.app.register_plugin("k8s")

logger.info("trying this on Kubernetes %s", ktor.sandbox.version)
