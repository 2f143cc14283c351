# A minikube cluster for this tree, which goes on running: `kubernator -p examples/minikube apply --yes`.
ktor.app.register_plugin(
    "minikube", profile="demo", k8s_version="1.35.3", keep_running=True, extra_args=["--memory=4g"]
)
ktor.app.register_plugin("k8s")

logger.info("minikube %s with %s, kubeconfig %s", ktor.minikube.version, ktor.minikube.driver, ktor.minikube.kubeconfig)
