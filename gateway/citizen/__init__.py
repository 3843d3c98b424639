"""What a citizen may know: who looked, why, and how to say that it was not in order."""
