# The cluster of this tree is `demo` in Google Kubernetes Engine, asked for with the account `gcloud` is logged in with.
ktor.app.register_plugin("gke", name="demo", region="europe-west1", project="example-shop")
ktor.app.register_plugin("k8s")

logger.info("cluster %s of %s, asked with %s", ktor.gke.name, ktor.gke.project, ktor.gke.gcloud_file)
