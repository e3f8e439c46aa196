"""Tools of contributors: generators of reference pages and hooks of the documentation site."""
