"""The Kubernetes API: kubeconfig, credentials, discovery and requests. Others see `api.Cluster` and nothing else."""
