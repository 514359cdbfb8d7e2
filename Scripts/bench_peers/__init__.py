"""What Scripts/bench-peers.py is made of."""
