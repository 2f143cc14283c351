"""What tests need, for us and for authors of plugins."""
