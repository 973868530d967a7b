"""What tests of the adapters need: real databases, made and thrown away."""
