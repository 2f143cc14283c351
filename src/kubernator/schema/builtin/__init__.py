"""What the API server checks of its own kinds in Go code, beyond their schemas."""
