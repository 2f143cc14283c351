output "database_host" {
  value = "db.internal"
}

output "database_password" {
  value     = "correct-horse-battery-staple"
  sensitive = true
}
