"""What follows what in a kiosk."""
