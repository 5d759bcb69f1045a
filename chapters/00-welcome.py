# ---
# jupyter:
#   jupytext:
#     comment_magics: false
#     cell_markers: '"""'
# ---

# %% [markdown]
"""
# Welcome

This is a course about the **Model Context Protocol** (MCP): how a program offers tools and data to a language model, and
how the application around the model uses them. You learn by doing. Every example is a cell that runs, on the official
Python SDK, and what you build answers real clients.

**You will** find a first taste here, the map of the chapters, and how to work with them.

**Time** about MINUTES minutes. **You need** some Python: functions, dictionaries, type annotations. You do not need to
know MCP or notebooks. If you have built servers already, begin with chapter 3 or 4. You need no account and no key. Only
chapters 6 and 11 use the network: they install packages from the Python package index.
"""

# %%
# Where the course is missing, as on Colab and Kaggle, this cell installs it.
import importlib.util

if importlib.util.find_spec("mcp_notebook") is None:
    %pip install -q "mcp-notebook[course]"
    print("Installed. If the page offers to restart the session, do that. Then run the next cell.")

# %% [markdown]
"""
## 1 · A first taste

Click into the next cell and press *Shift+Enter*. It runs, and the one after it is selected. Go on like this.
"""

# %%
%load_ext mcp_notebook
shelf = {"Dune": 2, "Emma": 0, "Kindred": 1}

# %%
%%mcp_tool --read-only --closed-world
from typing import Annotated

from pydantic import Field


def copies(title: Annotated[str, Field(description="A title, as on the shelf.")]) -> int:
    """Return the number of copies of a book on the shelf."""
    return shelf.get(title, 0)

# %% [markdown]
"""
`copies` is a **tool** now. The card below its cell shows what an agent is told about it. A client calls it like this:
"""

# %%
%mcp call copies title=Dune

# %% [markdown]
"""
![You write a function in a cell. It becomes a tool of a server in the kernel. A form below the cell, this notebook and any agent call the same function on the same data.](drawings/cell-to-tool.svg)

Before a cell that might surprise you, the course asks what you expect. Choose an answer, then run the cell below it.
"""

# %%
%mcp predict 0.a

# %%
%mcp call copies title="Moby Dick"

# %% [markdown]
"""
Here is a form for the same tool. Fill it in and press *Call*.
"""

# %%
%mcp form copies

# %% [markdown]
"""
Now change the `0` in the tool's cell into `99` and run that cell. Press *Call* again for a title that is not on the
shelf: the tool changed while it was live. With `%mcp serve`, which chapter 1 shows, every agent on this machine that
has its token can call it, on the `shelf` of this notebook.

## 2 · The map

One project grows through chapters 1 to 8: the server of a neighborhood library. Each chapter also runs alone, from top
to bottom. It starts with a *checkpoint*, which brings the project to where the chapter begins: with your own answers if
you have solved the exercises before it, with the course's otherwise.

MAP

**In a hurry?** Each chapter names a fast track of about half its time. **To write servers:** 1, 2, 4, 8, 10.
**To run them for others:** 1, 3, 5, 5b, 6, 11. **To use them:** 1, 7, 9.

## 3 · How to work with it

- **Run a cell** with *Shift+Enter*. If something hangs, choose *Kernel*, *Restart Kernel*, and begin at the top.
- **Predict, then run.** Choose an answer in the small form before you run the next cell. It is compared afterwards.
- **Exercises** have an empty cell and a check below it: `%mcp check 1.1`. The check calls your server as a client
  would, and then looks at what changed: tables, files, notifications. It lists every case with ✓ or ✗. Nothing is
  hidden: `%mcp check 1.1 --cases` shows the cases before you start. Run it as often as you like.
- **Hints** come in three steps: `%mcp hint 1.1`. The solution opens when you have passed or have tried three times:
  `%mcp solution 1.1`.
- **Your progress** is kept in the folder `my-library`, beside the notebooks. `%mcp progress` shows it.
- **Keep your work.** On a machine in the cloud, such as Binder, nothing is kept when you leave. Download your notebooks
  and `my-library/progress.json` before. To begin a chapter afresh: `%mcp checkpoint 4 --reset`. Your
  cells stay as they are.
"""

# %%
%mcp progress

# %% [markdown]
"""
## 4 · Does everything work here?

`%mcp doctor` looks at this machine, this kernel and this front end. It says what would not work, and how to fix it.
Lines marked as a *note* are not faults.
"""

# %% tags=["nbval-ignore-output"] reason="It is about the machine that it runs on: versions, folders, the front end."
%mcp doctor

# %% [markdown]
"""
## 5 · What is real, and what is a stand-in

| real | a stand-in, and called that where it appears |
|---|---|
| the protocol, in both generations, on every transport | the *model*: a script that says what was written for it (chapter 7 asks a real one if you have a key) |
| the official SDK, on both sides of the wire | the *town hall* that signs people in (chapter 5; its endpoints and tokens are real) |
| ports, processes, tokens, signatures, files, databases | the *archive*, the *bank* and *n8n*: small programs on this machine (chapters 4, 8 and 8c) |
| the attacks, on things that the notebook made for them | clocks, where a lesson would otherwise wait for minutes |

## Looking back

- Every command explains itself: `%mcp --help`, `%mcp call --help`. `%mcp` alone shows what is live.
- An error is one line: what, why, and what to do next. `%mcp log` has every call, with its traceback.
- Something does not work as the page says? Run `%mcp doctor`, and put what it shows into your report.

**Next:** [chapter 1](01-getting-started.ipynb), your first server.
"""
