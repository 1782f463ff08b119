"""The live feed as makers know it: what of a meter is told, under which topics, in which bytes. No I/O."""
