"""The inherited context: what is set in a directory is seen there and below, and nowhere else."""
