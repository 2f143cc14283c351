"""What is wrong with a manifest, as the API server would say, without asking it."""
