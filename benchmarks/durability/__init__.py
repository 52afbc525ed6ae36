"""Whether anything that was shown is ever lost: kills, full disks, moved clocks."""
