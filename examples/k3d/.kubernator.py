# A k3s cluster of one server and one agent, without k3s' own ingress, for this tree. It is made by the first run,
# stopped at the end of each, and woken by the next: `kubernator -p examples/k3d apply --yes`.
ktor.app.register_plugin(
    "k3d",
    profile="demo",
    k8s_version="1.35.3",
    nodes=2,
    k3s_server_args=["--disable=traefik"],
)
ktor.app.register_plugin("k8s")

logger.info("k3d %s, kubeconfig %s", ktor.k3d.version, ktor.k3d.kubeconfig)
