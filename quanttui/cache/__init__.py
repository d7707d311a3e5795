"""What can be made again and is kept on the disk because it took long. Plain files: no engine, no tensor, no screen."""
