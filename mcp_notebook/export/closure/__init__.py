"""Which statements of the cells that ran the definitions of a server need."""
