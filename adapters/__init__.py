"""The registries behind the gateway: one adapter each, one contract for all (`adapters.contract`)."""
