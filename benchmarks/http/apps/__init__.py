"""What is measured beside ours. Each module stands alone and runs in an environment of its own."""
