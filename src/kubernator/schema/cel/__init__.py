"""CEL, the language of rules in Kubernetes: compiled and evaluated as the API server does, over plain data.

Who uses it imports `kubernator.schema.cel.program` for expressions, `kubernator.schema.cel.rules` for those of schemas.
"""
