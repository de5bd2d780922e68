"""What goes wrong around a run: signals, full disks, too little memory, two runs in one folder."""
