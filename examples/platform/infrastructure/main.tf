# Only the outputs are read, never planned or applied. The state beside this file holds them.
output "domain" {
  value = "shop.example.test"
}

output "zones" {
  value = ["a", "b"]
}

output "database_url" {
  value     = "postgres://shop:kingfisher-lantern@db.internal/shop"
  sensitive = true
}
