"""The wire: scripts that break the protocol on purpose, over real sockets on loopback."""
