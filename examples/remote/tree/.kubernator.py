# What one team keeps in this tree, and what it takes from a repository that all teams share.

import os

ktor.app.register_plugin("k8s")
ktor.shop = {"namespace": "shop-remote", "retention": "30d"}

# The repository of the platform: `../repository`, once it is committed somewhere. A pipeline gives its token to it.
platform = os.environ.get("PLATFORM_REPOSITORY", "https://git.example.com/org/platform")


def credentials(url):
    if "PLATFORM_TOKEN" in os.environ:
        return None, "ci", os.environ["PLATFORM_TOKEN"]
    return None, None, None


ktor.app.repository_credentials_provider(credentials)

# One release of it by its tag, and of that only the directory that is needed. `kubernator lock` pins the commit.
ktor.app.walk_remote(f"{platform}?ref=v1.4.0&sparse=true", "/monitoring")
