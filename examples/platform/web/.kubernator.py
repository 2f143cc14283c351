ktor.app.excludes.add("chart")  # what helm renders; not a directory of the tree
