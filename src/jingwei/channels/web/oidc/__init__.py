"""The bank's own OpenID provider: authorization code with PKCE, tokens bound to the one sign-on."""
