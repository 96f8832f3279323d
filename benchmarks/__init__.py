"""Speed and memory, against peers and against limits."""
