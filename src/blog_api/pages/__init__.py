"""What is for people with a browser."""
