"""What runs off the UI thread: it drives engines and readings, and tells the screen by ``post_message`` alone."""
