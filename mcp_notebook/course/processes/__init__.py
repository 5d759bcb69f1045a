"""Scripts that the course starts as processes, by their path.

They have a folder of their own: Python puts the folder of a script on the path for imports, and modules beside it, such
as ``copy``, would hide those of the standard library.
"""
