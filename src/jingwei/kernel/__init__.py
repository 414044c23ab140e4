"""Money, ids, time, commands, events, refusals: what every room shares; imports nothing of ours."""
