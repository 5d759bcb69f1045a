"""The live notebook: its servers and connections, its history, questions to the person, exposed variables.

Magics and headless runs both use it. Nothing is imported here, because loading the extension must not wait for the SDK.
"""
