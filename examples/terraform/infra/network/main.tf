output "network" {
  value = {
    id    = "net-4711"
    zones = ["eu-1a", "eu-1b"]
  }
}
