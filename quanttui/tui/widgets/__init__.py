"""One file a pane, named as on screen. A widget gets values and posts intents; none calls an engine."""
