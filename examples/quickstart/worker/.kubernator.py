# Set here, seen here and below; web/ still logs at `info`.
ktor.shop.log_level = "debug"

ktor.k8s.add_resources(
    {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "worker", "namespace": "shop"},
    }
)
