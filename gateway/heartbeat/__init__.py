"""The gateway's lease (leases.py), and the removal of gateways whose lease has expired (reaper.py)."""
