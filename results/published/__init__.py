"""Numbers copied from papers, as printed there. They never share a table with ours."""
