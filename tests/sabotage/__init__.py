"""The mistakes people make in adapters, each made once, and the clauses that find them."""
