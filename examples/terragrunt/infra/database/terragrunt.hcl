dependency "network" {
  config_path = "../network"
}

inputs = {
  network_id = dependency.network.outputs.network_id
}
