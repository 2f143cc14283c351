variable "network_id" {
  type = string
}

output "database_host" {
  value = "db.${var.network_id}.internal"
}
