"""The command line: parse, dispatch, turn an error into words and a code."""
