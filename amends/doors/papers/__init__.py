"""Papers of a case: what stands on them, and how they become PDF and Word. No tables and no rules of the policy."""
