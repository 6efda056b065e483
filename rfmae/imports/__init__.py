"""Import of public data sets (RadioML, HisarMod) and of arrays into rfmae data sets."""
