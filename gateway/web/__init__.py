"""The HTTP edge: raw requests in, signed answers out. Only here do refusals become problem documents."""
