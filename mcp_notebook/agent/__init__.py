"""Let models call the tools of MCP servers: the models, and the loop of model and tools."""

from mcp_notebook.agent.conversation import Conversation, Turn, Use, Watcher
from mcp_notebook.agent.model import Model, provided
from mcp_notebook.agent.sampling import ModelAnswerer
from mcp_notebook.agent.scripted import ScriptedModel
from mcp_notebook.agent.stand_in_model import StandInModel
from mcp_notebook.agent.toolbox import Toolbox
from mcp_notebook.agent.usage import Usage

__all__ = [
    "Conversation",
    "Model",
    "ModelAnswerer",
    "ScriptedModel",
    "StandInModel",
    "Toolbox",
    "Turn",
    "Usage",
    "Use",
    "Watcher",
    "provided",
]
