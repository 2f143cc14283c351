"""One template, applied from files and from a script. Needs a cluster: `kubernator -p examples/templates`."""

ktor.app.register_plugin("templates")

ktor.domain = "shop.example"
ktor.namespace = "shop-templates"
