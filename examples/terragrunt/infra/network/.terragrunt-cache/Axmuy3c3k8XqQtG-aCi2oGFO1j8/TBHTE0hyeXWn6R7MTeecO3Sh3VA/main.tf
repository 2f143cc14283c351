output "network_id" {
  value = "net-4711"
}
