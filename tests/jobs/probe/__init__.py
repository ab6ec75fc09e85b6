"""An app with jobs that misbehave, for a worker in a process of its own."""
