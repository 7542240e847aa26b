"""Ten thousand calls through a proxy that breaks them: `python -m test.chaos`."""
