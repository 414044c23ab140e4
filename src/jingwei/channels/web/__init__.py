"""The bank in a browser: the customer's app under /app, the staff's desk under /desk, one sign-on."""
