"""Values and rules: frozen dataclasses that know the blog and nothing else."""
