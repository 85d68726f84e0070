"""Reading an archive to its end without trusting it: in a process of its own, with limits.

`worker.py` is the caller's side; everything else runs in the child (`__main__.py`), which has
neither Django, nor the network, nor secrets: it asks for the file's chunks and answers with a
verdict.
"""
