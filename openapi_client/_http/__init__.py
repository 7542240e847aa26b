"""The wire: an HTTP/1.1 connection for urllib3's pools. Only `openapi_client.rest` uses it."""
