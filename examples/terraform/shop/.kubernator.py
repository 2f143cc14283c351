for zone in ktor.tf.network["zones"]:
    ktor.k8s.add_resources(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": f"zone-{zone}", "namespace": "terraform-example"},
            "data": {"network": ktor.tf.network["id"], "zone": zone},
        }
    )
