# The cluster of this tree is `demo` in Amazon EKS. Which account, and with whose credentials, is up to `aws`: it reads
# AWS_PROFILE, ~/.aws, the role of the machine, as anywhere else.
ktor.app.register_plugin("eks", name="demo", region="eu-west-1")
ktor.app.register_plugin("k8s")

logger.info("cluster %s of %s, asked with aws %s", ktor.eks.name, ktor.eks.region, ktor.awscli.version)
