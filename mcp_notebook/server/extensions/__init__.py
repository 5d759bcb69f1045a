"""The server sides of the protocol's extensions, one module each, on the SDK's `Extension`.

An exported package carries these modules as they are, so they import nothing of this project.
"""
