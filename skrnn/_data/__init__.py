"""X in every form, read once and packed mini-batch by mini-batch."""
