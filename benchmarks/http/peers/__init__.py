"""What others would write it with: readers' routes only, in the style of their documentation."""
