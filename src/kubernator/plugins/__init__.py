"""The built-in plugins, each a thin shell over the floors below."""
