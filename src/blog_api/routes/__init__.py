"""The routes, thin: parse, call one use case or query, shape the answer."""
