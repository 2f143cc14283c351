"""What is in the cluster decides what is written: an address is read with kubectl and used in a manifest."""

ktor.app.register_plugin("kubectl")  # before k8s: the one on PATH; after it, that of the cluster's version
ktor.app.register_plugin("k8s")

service = ktor.kubectl.get("service", "kubernetes", "default")
ktor.api_address = service["spec"]["clusterIP"]
logger.info("kubectl %s says that the API server is %s", ktor.kubectl.version, ktor.api_address)
