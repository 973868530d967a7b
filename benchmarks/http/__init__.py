"""How fast the blog answers, beside the tutorial's app, two peers and the limit, in one run."""
