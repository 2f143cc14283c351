ktor.app.register_plugin("k8s")
ktor.app.register_plugin("terraform")  # or program="tofu", or version="1.11.4", which is downloaded

# Outputs of all directories below `infra` go here, and so are seen by all others.
ktor.tf = {}
ktor.app.walk_local("infra")
ktor.app.excludes.add("infra")
