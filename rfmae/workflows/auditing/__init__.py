"""Whether anything but the signal names the class."""
