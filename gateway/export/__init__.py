"""Evidence out: a case's entries in a file that anybody can check with the log's public key alone."""
