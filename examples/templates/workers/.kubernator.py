"""A script applies the template once for each of a list."""

for queue in ("mail", "invoices"):
    ktor.templates.apply_template(
        "service", {"name": f"worker-{queue}", "image": "registry.example/worker:1", "environment": {"QUEUE": queue}}
    )
