# Runs in the trees that walk this directory, with what they have set in their context.

ktor.app.walk_local("../common")
