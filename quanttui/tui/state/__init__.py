"""What the screen shows, as plain values and pure folds. Knows no widget, no thread and no engine."""
