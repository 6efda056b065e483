"""Reading of I/Q recordings (SigMF, WAV, raw), and writing of SigMF."""
