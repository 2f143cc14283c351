# A cluster on Amazon's cloud. Make the bucket before the first run: kops does not.
ktor.app.register_plugin("kops")

ktor.kops.cluster_name = "storefront.k8s.local"
ktor.kops.state_store = "s3://storefront-kops"
ktor.kops.node_interval = "4m"

ktor.nodes = {"image": "099720109477/ubuntu/images/hvm-ssd/ubuntu-trusty-14.04-amd64-server-20170727", "most": 3}

ktor.kops.walk_local("cluster")
ktor.kops.update()
