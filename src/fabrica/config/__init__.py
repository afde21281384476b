"""Settings, urls, the API's mounting and the wiring of ports to adapters. The only part that knows every other."""
