"""Training: optimisers, loops, mini-batches, schedules and stopping rules for any flat vector."""
