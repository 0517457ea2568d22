"""The drawing of lots: who reviews whom, by rules 9 to 18, in a way that anybody can repeat (``docs/draw.md``).

Pure functions on data: no database, no clock, no chance but that of the seed.
"""
