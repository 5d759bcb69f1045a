"""Finds the statements of the cells that are needed.

The rule: a statement is kept if it binds a name that is needed, or mentions a needed name whose value can change and
does not merely look at it. A statement that is not understood is kept.

For example, of the cells

    books = []                   # 0
    def add(row):                # 1
        books.append(row)
    add("Emma")                  # 2
    n = index(books)             # 3
    print(books)                 # 4

a server that reads ``books`` needs 0, 1, 2 and 3. Statement 0 binds the name. Statement 2 calls ``add``, which appends
to ``books``, so it is kept, and needs 1. Nothing is known of ``index``, so 3 is kept too. Statement 4 merely looks.

Read the modules in this order: `statements`, `names`, `effects`, `values`, `following`, `slicer`.
"""
