"""The client of the Omise API: the only package that opens outgoing connections."""
