"""How fast the product is, as ratios to floors measured in the same run, and as counts that no machine changes.

``python -m bench NAME`` prints one line of JSON and exits 0 (every goal met), 1 (one missed) or 2 (not run, and why).
``sizes`` says how much there is, ``databases`` makes and keeps it, ``worker`` is the process of one database that is
measured, ``timing`` sets figures side by side, and each module in ``subjects`` of ``__main__`` is one benchmark.
"""
