"""Programs we run and things we fetch: processes, downloads, archives, the cache."""
