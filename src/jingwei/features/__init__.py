"""What a feature is, and its three executions: live, replay, SQL."""
