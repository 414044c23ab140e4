"""One sign-on: passwords, one-time codes, passkeys, waits, and the proof bound to what is signed."""
