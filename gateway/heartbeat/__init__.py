"""A gateway's lease on life (leases.py), and what becomes of one that lost it (reaper.py)."""
