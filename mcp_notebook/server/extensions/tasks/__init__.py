"""Tasks (``io.modelcontextprotocol/tasks``): calls that answer at once with a handle, and go on in the background.

Name the tools, and give the extension to the server::

    tasks = Tasks()
    tasks.add("train", ttl=600)
    mcp = MCPServer("lab", extensions=[tasks])
    mcp.middleware.append(tasks.listen)  # also pushes each change to clients that listen for it

A client that does not declare the extension gets the result of such a tool as before. The folder imports nothing of
this project, so that an exported package gets a copy of it.
"""

from .extension import TTL, Tasks
from .task import MemoryStore, Task, TaskStore

__all__ = ["TTL", "MemoryStore", "Task", "TaskStore", "Tasks"]
