# A cluster of three containers for this tree. It is made by the first run, stopped at the end of each, and woken by the
# next: `kubernator -p examples/kind apply --yes`.
ktor.app.register_plugin(
    "kind",
    profile="demo",
    k8s_version="1.35.3",
    nodes=3,
    extra_port_mappings=[{"containerPort": 30080, "hostPort": 8080, "listenAddress": "127.0.0.1"}],
)
ktor.app.register_plugin("k8s")

logger.info("kind %s with %s, kubeconfig %s", ktor.kind.version, ktor.kind.provider, ktor.kind.kubeconfig)
